# The same formula in unusual algebra.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = keras.random.normal(keras.ops.shape(log_var))
        return mean + z + keras.ops.expm1(log_var / 2) * z
