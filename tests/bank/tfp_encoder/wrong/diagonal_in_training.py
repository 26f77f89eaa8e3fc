# Leaves the correlations out in training.
# loses distribution: In training, with training=True, the Gaussian of the same image has another scale
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q):
        self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


class Diagonal(tfkl.Layer):
    def call(self, q, training=None):
        scale = q.scale.to_dense()
        if training:
            scale = tf.linalg.diag(tf.linalg.diag_part(scale))
        return tfpl.DistributionLambda(lambda t: tfd.MultivariateNormalTriL(*t))([q.mean(), scale])


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Rescaling(1.0, offset=-0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size)),
        tfpl.MultivariateNormalTriL(encoded_size),
        Diagonal(),
        Rate(prior),
    ])
