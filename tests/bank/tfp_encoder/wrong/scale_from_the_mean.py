# Makes the scale of the mean, without outputs of its own.
# loses distribution: independent numbers
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior
    def call(self, q):
        kl = tfd.kl_divergence(q, self.prior)
        self.add_loss(tf.reduce_mean(kl))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    d = encoded_size

    model = tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: x - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),

        tfkl.Flatten(),
        tfkl.Dense(d),
        tfpl.DistributionLambda(lambda t: tfd.MultivariateNormalTriL(t, tf.linalg.set_diag(tf.linalg.band_part(t[..., None] * t[..., None, :], -1, 0), tf.nn.softplus(t) + 1e-4))),
        Rate(prior),
    ])

    return model
