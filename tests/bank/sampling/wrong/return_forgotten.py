# The last line does not return.
# loses shapes: The layer returned None
# loses mean: The layer returned None
# loses spread: The layer returned None
# loses independence: The layer returned None
# loses freshness: The layer returned None
# loses gradients: The layer returned None
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        z = mean + keras.ops.exp(log_var / 2) * eps
