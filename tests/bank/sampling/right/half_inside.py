# Computes in half precision inside and answers in single.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        mean, log_var = [keras.ops.cast(x, "bfloat16") for x in inputs]
        eps = keras.random.normal(keras.ops.shape(mean), dtype="bfloat16")
        return keras.ops.cast(mean + keras.ops.exp(log_var / 2) * eps, "float32")
