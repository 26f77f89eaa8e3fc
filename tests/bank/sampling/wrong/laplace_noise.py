# Noise of a Laplace distribution of variance 1.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        sign = tf.sign(tf.random.uniform(tf.shape(mean), -1.0, 1.0))
        eps = -tf.math.log(tf.random.uniform(tf.shape(mean), 1e-7)) / np.sqrt(2)
        return mean + tf.exp(log_var / 2) * sign * eps
