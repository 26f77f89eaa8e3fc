# Returns a tuple, as the encoder will.
# loses shapes: The layer returned a tuple of length 3, expected one tensor
# loses mean: The layer returned a tuple of length 3, expected one tensor
# loses spread: The layer returned a tuple of length 3, expected one tensor
# loses independence: The layer returned a tuple of length 3, expected one tensor
# loses freshness: The layer returned a tuple of length 3, expected one tensor
# loses gradients: The layer returned a tuple of length 3, expected one tensor
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
        return mean, log_var, z
