# A call with an open signature, which does not care for the mode.
class Sampling(keras.layers.Layer):
    def call(self, *args, training=None, **kwargs):
        mean = args[0][0]
        log_var = args[0][1]
        std = keras.ops.sqrt(keras.ops.exp(log_var))
        return mean + std * keras.random.normal(shape=keras.ops.shape(mean))
