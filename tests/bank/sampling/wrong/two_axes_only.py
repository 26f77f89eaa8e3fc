# Takes for granted that a code has two axes.
# loses shapes: A mean and a log_var of shape (4, 2, 3) cannot be used
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        batch, dim = keras.ops.shape(mean)
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal((batch, dim))
