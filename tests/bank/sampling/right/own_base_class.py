# A class of its own makes the noise, another one scales it.
class NormalLayer(keras.layers.Layer):
    def standard(self, like):
        return keras.random.normal(keras.ops.shape(like), mean=0.0, stddev=1.0)


class Sampling(NormalLayer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(0.5 * log_var) * self.standard(mean)
