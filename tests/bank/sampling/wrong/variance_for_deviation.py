# Scales the noise by the variance.
# loses spread: you seem to use exp(log_var) where exp(log_var / 2) is needed
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var) * eps
