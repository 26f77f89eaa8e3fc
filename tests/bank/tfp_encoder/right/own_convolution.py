# A convolution layer of its own, with weights from add_weight.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q):
        self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


class Convolution(tfkl.Layer):
    def __init__(self, filters, size, stride=1, padding="SAME"):
        super().__init__()
        self.filters, self.size, self.stride, self.padding = filters, size, stride, padding

    def build(self, input_shape):
        shape = (self.size, self.size, int(input_shape[-1]), self.filters)
        self.kernel = self.add_weight("kernel", shape, initializer="he_normal")
        self.bias = self.add_weight("bias", (self.filters,), initializer="zeros")

    def call(self, x):
        h = tf.nn.conv2d(x, self.kernel, self.stride, self.padding)
        return tf.nn.leaky_relu(tf.nn.bias_add(h, self.bias))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    x = tf_keras.Input(input_shape)
    h = Convolution(base_depth, 5)(x - 0.5)
    h = Convolution(base_depth, 5, 2)(h)
    h = Convolution(2 * base_depth, 5)(h)
    h = Convolution(2 * base_depth, 5, 2)(h)
    h = tfkl.Reshape((4 * encoded_size,))(Convolution(4 * encoded_size, 7, padding="VALID")(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    return tf_keras.Model(x, Rate(prior)(tfpl.MultivariateNormalTriL(encoded_size)(h)))
