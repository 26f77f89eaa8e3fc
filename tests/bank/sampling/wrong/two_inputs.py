# Takes two tensors instead of a list of two.
# loses shapes: missing a required argument: 'log_var'
# loses mean: missing a required argument: 'log_var'
# loses spread: missing a required argument: 'log_var'
# loses independence: missing a required argument: 'log_var'
# loses freshness: missing a required argument: 'log_var'
# loses gradients: missing a required argument: 'log_var'
class Sampling(keras.layers.Layer):
    def call(self, mean, log_var):
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
