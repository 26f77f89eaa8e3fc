# Takes the KL of 32 samples of a Gaussian whose scale is an operator.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(tf.zeros(encoded_size), tf.ones(encoded_size))


def gaussian(t, encoded_size):
    lower = tfp.math.fill_triangular(t[..., encoded_size:])
    lower = tf.linalg.set_diag(lower, tf.math.softplus(tf.linalg.diag_part(lower)) + 1e-4)
    scale = tf.linalg.LinearOperatorLowerTriangular(lower)
    return tfd.MultivariateNormalLinearOperator(t[..., :encoded_size], scale)


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q):
        z = q.sample(32)
        self.add_loss(tf.reduce_mean(q.log_prob(z) - self.prior.log_prob(z)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: x - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size)),
        tfpl.DistributionLambda(lambda t: gaussian(t, encoded_size), tfd.Distribution.sample),
        Rate(prior),
    ])
