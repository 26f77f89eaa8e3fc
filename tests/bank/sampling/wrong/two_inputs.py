# Takes two tensors instead of a list of two.
# loses shapes: `call` takes mean and log_var one by one, expected the list [mean, log_var]
# loses mean: `call` takes mean and log_var one by one, expected the list [mean, log_var]
# loses spread: `call` takes mean and log_var one by one, expected the list [mean, log_var]
# loses independence: `call` takes mean and log_var one by one, expected the list [mean, log_var]
# loses freshness: `call` takes mean and log_var one by one, expected the list [mean, log_var]
# loses gradients: `call` takes mean and log_var one by one, expected the list [mean, log_var]
class Sampling(keras.layers.Layer):
    def call(self, mean, log_var):
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
