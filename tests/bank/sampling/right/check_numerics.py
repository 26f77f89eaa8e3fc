# Numerics are checked everywhere.
tf.debugging.enable_check_numerics()


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
