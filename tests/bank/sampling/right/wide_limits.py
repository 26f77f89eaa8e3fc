# Limits that no sensible log_var reaches.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        log_var = keras.ops.clip(log_var, -30.0, 20.0)
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
