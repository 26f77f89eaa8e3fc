# The KL has a weight in a variable, for a warm-up that is over.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior
        self.beta = tf.Variable(1.0, trainable=False)

    def call(self, q, training=None):
        self.add_loss(self.beta * tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    image = h = tf_keras.Input(input_shape)
    h = h - 0.5
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        h = tfkl.Conv2D(filters, 5, strides, "same", activation=tf.nn.leaky_relu)(h)
    h = tfkl.Flatten()(tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu)(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    q = tfpl.MultivariateNormalTriL(encoded_size)(h)
    return tf_keras.Model(image, Rate(prior)(q))
