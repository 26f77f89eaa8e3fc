# Computes, and answers, in brain floating point: eight bits of mantissa.
class Sampling(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(dtype="mixed_bfloat16", **kwargs)

    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean), dtype=self.compute_dtype)
        return mean + keras.ops.exp(log_var / 2) * eps
