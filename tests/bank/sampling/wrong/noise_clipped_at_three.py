# The noise is clipped at three standard deviations.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.clip_by_value(tf.random.normal(tf.shape(mean)), -3., 3.)
        return mean + keras.ops.exp(log_var/2)*eps
