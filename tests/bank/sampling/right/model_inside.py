# A functional model that is made when the width is known.
class Sampling(keras.layers.Layer):
    def build(self, input_shape):
        d = input_shape[0][-1]
        m, n, s = keras.Input((d,)), keras.Input((d,)), keras.Input((d,))
        self.combine = keras.Model([m, s, n], m + keras.ops.exp(s * 0.5) * n)
        self.built = True

    def call(self, inputs):
        mean, log_var = inputs
        noise = keras.random.normal(keras.ops.shape(mean))
        return self.combine([mean, log_var, noise])
