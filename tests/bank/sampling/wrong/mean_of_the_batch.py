# Averages the mean over the batch.
# loses mean: examples with different means get the same codes; each has a mean of its own
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        center = tf.reduce_mean(mean, axis=0, keepdims=True)
        return center + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
