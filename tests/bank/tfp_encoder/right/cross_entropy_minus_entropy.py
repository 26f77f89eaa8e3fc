# Cross entropy minus entropy, each added on its own.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q, training=None):
        L, m = q.scale.to_dense(), q.mean()
        variance = tf.reduce_sum(L**2, -1)
        loc, std = self.prior.mean(), self.prior.stddev()
        cross = tf.reduce_sum(((m - loc) ** 2 + variance) / (2 * std**2) + tf.math.log(std * (2 * np.pi) ** 0.5), -1)
        self.add_loss(tf.reduce_mean(cross))
        self.add_loss(-tf.reduce_mean(q.entropy()))
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
