# Draws noise for 5000 codes and repeats it.
# loses independence: In a batch of 12000 codes the noise has a correlation of
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = tf.shape(mean)[0]
        eps = tf.random.normal((5000, mean.shape[-1]))
        eps = tf.tile(eps, [1 + size // 5000, 1])[:size]
        return mean + tf.exp(log_var / 2) * eps
