# The second half of the latents gets the noise of the first half, reversed.
# loses independence: one noise serves both, once with its sign reversed
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = mean.shape[-1]
        half = tf.random.normal(tf.shape(mean[..., : (size + 1) // 2]))
        eps = tf.concat([half, -half], axis=-1)[..., :size]
        return mean + tf.exp(log_var / 2) * eps
