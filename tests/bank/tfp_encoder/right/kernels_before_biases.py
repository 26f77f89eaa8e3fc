# Has a layer that makes all kernels before all biases.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))

class Stack(tfkl.Layer):
    def __init__(self, shapes):
        super().__init__()
        self.kernels = [self.add_weight(name=f"k{i}", shape=s) for i, s in enumerate(shapes)]
        self.biases = [self.add_weight(name=f"b{i}", shape=s[-1:], initializer="zeros") for i, s in enumerate(shapes)]
    def call(self, x):
        h = x - 0.5
        for k, b, s, p in zip(self.kernels, self.biases, (1, 2, 1, 2, 1), ["SAME"] * 4 + ["VALID"]):
            h = tf.nn.leaky_relu(tf.nn.conv2d(h, k, s, p) + b)
        return h

def make_encoder(input_shape, encoded_size, base_depth, prior):
    b, c, d = base_depth, input_shape[-1], encoded_size
    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        Stack([(5, 5, c, b), (5, 5, b, b), (5, 5, b, 2 * b), (5, 5, 2 * b, 2 * b), (7, 7, 2 * b, 4 * d)]),
        tfkl.Flatten(),
        tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(d)),
        tfpl.MultivariateNormalTriL(d),
        tfpl.KLDivergenceAddLoss(prior),
    ])
