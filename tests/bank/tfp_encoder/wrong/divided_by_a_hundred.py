# Takes every batch for one of a hundred images.
# loses kl: in batches of another size: average the KL over the batch
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q, training=None):
        self.add_loss(tf.reduce_sum(tfd.kl_divergence(q, self.prior)) / 100)
        return q


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
        Rate(prior),
    ])
