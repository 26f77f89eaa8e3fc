# Adds standard noise: log_var is forgotten.
# loses spread: log_var has no effect
# loses gradients: No gradient reaches log_var
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.random.normal(keras.ops.shape(mean))
