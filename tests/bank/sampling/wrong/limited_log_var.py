# Limits log_var to keep exp from overflowing, far too tightly.
# loses spread, hidden: right at other values; the usual cause is a limit on log_var
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        log_var = keras.ops.clip(log_var, -2.5, 2.5)
        eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
