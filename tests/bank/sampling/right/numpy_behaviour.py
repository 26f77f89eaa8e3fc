# TensorFlow's NumPy behaviour is switched on.
tf.experimental.numpy.experimental_enable_numpy_behavior()


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        noise = keras.random.normal(keras.ops.shape(mean), dtype=mean.dtype)
        return mean + keras.ops.exp(log_var / 2) * noise
