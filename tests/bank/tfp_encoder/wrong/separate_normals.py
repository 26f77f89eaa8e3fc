# Returns a batch of one-dimensional Gaussians.
# loses distribution: has batch shape (100, 3) and event shape (), expected (100,) and (3,)
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class AddKL(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q):
        posterior = tfd.MultivariateNormalDiag(q.mean(), q.stddev())
        self.add_loss(tf.reduce_mean(tfd.kl_divergence(posterior, self.prior)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    def gaussian(t):
        return tfd.Normal(t[..., :encoded_size], tf.nn.softplus(t[..., encoded_size:]))

    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: tf.cast(x, tf.float32) - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, 1, padding="valid", activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(2 * encoded_size),
        tfpl.DistributionLambda(gaussian),
        AddKL(prior),
    ])
