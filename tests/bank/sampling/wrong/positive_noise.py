# Only adds, never subtracts.
# loses mean: every code is shifted by 1.3
# loses spread: as if the noise had a standard deviation of 0.6
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.ops.abs(keras.random.normal(keras.ops.shape(mean)))
        return mean + keras.ops.exp(log_var / 2) * eps
