# Mixed precision for all layers.
keras.mixed_precision.set_global_policy("mixed_float16")


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean), dtype=mean.dtype)
        return mean + keras.ops.exp(log_var / 2) * eps
