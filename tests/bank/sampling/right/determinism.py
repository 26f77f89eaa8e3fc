# Operations are deterministic.
keras.utils.set_random_seed(3)
tf.config.experimental.enable_op_determinism()


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
