# The noise is multiplied by the mean instead of added to it.
# loses spread: as if the noise had a standard deviation of
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean * (1 + keras.ops.exp(log_var / 2) * eps)
