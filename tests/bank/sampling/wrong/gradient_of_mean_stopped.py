# Stops the gradient of the mean.
# loses gradients: No gradient reaches mean
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        return keras.ops.stop_gradient(mean) + keras.ops.exp(log_var / 2) * eps
