# Unpacks a shape of two axes.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        batch, dim = keras.ops.shape(mean)
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal((batch, dim))
