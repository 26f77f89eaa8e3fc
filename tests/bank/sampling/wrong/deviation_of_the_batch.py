# Averages log_var over the batch first.
# loses spread: examples with different log_var scatter alike; each has a log_var of its own
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        sigma = tf.exp(tf.reduce_mean(log_var, axis=0, keepdims=True) / 2)
        return mean + sigma * tf.random.normal(tf.shape(mean))
