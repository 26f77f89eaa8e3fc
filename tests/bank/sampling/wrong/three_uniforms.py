# The sum of three uniform numbers, which is nearly normal.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = sum(tf.random.uniform(tf.shape(mean), -1.0, 1.0) for _ in range(3))
        return mean + tf.exp(log_var / 2) * eps
