# Noise between 0 and 1, the default of keras.random.uniform.
# loses mean: every code is shifted by 0.8
# loses spread: as if the noise had a standard deviation of 0.2
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.uniform(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
