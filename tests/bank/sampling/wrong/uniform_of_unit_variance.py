# Uniform noise with the right mean and variance.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.uniform(tf.shape(mean), -np.sqrt(3), np.sqrt(3))
        return mean + tf.exp(log_var / 2) * eps
