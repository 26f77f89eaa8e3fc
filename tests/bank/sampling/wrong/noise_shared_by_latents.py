# One number of noise for each example.
# loses independence: the noise of two latents of a code has a correlation of 1, expected 0
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.normal(tf.shape(mean[..., :1]))
        return mean + tf.exp(log_var / 2) * eps
