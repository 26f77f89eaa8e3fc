# Limits the mean to ±8.
# loses architecture: limit neither the features nor the mean
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
        tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(d)),
        tfpl.DistributionLambda(lambda t: tfd.MultivariateNormalTriL(tf.clip_by_value(t[..., :d], -8., 8.), tfp.bijectors.FillScaleTriL()(t[..., d:]))),
        Rate(prior),
    ])

    return model
