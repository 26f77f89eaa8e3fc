# A layer of Keras adds the noise, to zeros, whatever the mode.
class Sampling(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.noise = keras.layers.GaussianNoise(1.0)

    def call(self, inputs):
        mean, log_var = inputs
        eps = self.noise(keras.ops.zeros_like(mean), training=True)
        return mean + keras.ops.exp(log_var / 2) * eps
