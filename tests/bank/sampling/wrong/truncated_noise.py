# A normal distribution without its tails.
# loses spread: as if the noise had a standard deviation of 0.8
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.truncated_normal(tf.shape(mean))
        return mean + tf.exp(log_var / 2) * eps
