# The first latent has the same noise in every call.
# loses freshness: The noise of one latent, or of one code of a batch, comes again in 100%
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = tf.shape(mean)[0]
        first = tf.random.stateless_normal([size, 1], seed=[1, 2])
        others = tf.random.normal([size, mean.shape[-1] - 1])
        return mean + tf.exp(log_var / 2) * tf.concat([first, others], axis=1)
