# Unpacks the inputs in the wrong order.
# loses mean: you seem to take log_var for the mean; the order is [mean, log_var]
# loses spread: you seem to take the mean for log_var; the order is [mean, log_var]
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        log_var, mean = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
