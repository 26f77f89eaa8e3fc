# One code's worth of noise for the whole batch.
# loses independence: the noise of two codes has a correlation of 1, expected 0
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.normal([mean.shape[-1]])
        return mean + tf.exp(log_var / 2) * eps
