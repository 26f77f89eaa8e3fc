# Returns a distribution from the call of a model of its own, without a layer of tfp.layers.
# loses distribution: end it with a layer of tfp.layers
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(tf.zeros(encoded_size), tf.ones(encoded_size))


class Encoder(tf_keras.Model):
    def __init__(self, encoded_size, base_depth, prior):
        super().__init__()
        self.prior = prior
        self.stack = tf_keras.Sequential([
            tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
            tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
            tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
            tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
            tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
            tfkl.Flatten(),
        ])
        self.mean = tfkl.Dense(encoded_size)
        self.lower = tfkl.Dense(encoded_size * (encoded_size + 1) // 2)

    def call(self, images):
        features = self.stack(images - 0.5)
        root = tfp.bijectors.FillScaleTriL()(self.lower(features))
        q = tfd.MultivariateNormalTriL(self.mean(features), root)
        self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return Encoder(encoded_size, base_depth, prior)
