# Halves after exp instead of inside.
# loses spread: you seem to halve the variance; halve log_var, inside exp
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var) / 2 * eps
