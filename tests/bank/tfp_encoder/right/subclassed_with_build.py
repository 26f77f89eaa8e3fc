# Makes its layers in build, which it calls by calling the model.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(tf.zeros(encoded_size), tf.ones(encoded_size))


class Encoder(tf_keras.Model):
    def __init__(self, size, depth, prior):
        super().__init__()
        self.size, self.depth, self.prior = size, depth, prior

    def build(self, shape):
        self.stack = tf_keras.Sequential()
        for factor, stride in ((1, 1), (1, 2), (2, 1), (2, 2)):
            self.stack.add(tfkl.Conv2D(factor * self.depth, 5, stride, "same"))
            self.stack.add(tfkl.LeakyReLU(alpha=0.2))
        self.stack.add(tfkl.Conv2D(4 * self.size, 7))
        self.stack.add(tfkl.LeakyReLU(alpha=0.2))
        self.stack.add(tfkl.Flatten())
        self.head = tfkl.Dense(self.size + self.size * (self.size + 1) // 2)
        self.gauss = tfpl.DistributionLambda(self.distribution)
        super().build(shape)

    def distribution(self, t):
        mean, lower = tf.split(t, [self.size, -1], axis=-1)
        root = tfp.bijectors.FillScaleTriL(diag_shift=tf.constant(1e-5))(lower)
        return tfd.MultivariateNormalTriL(mean, root)

    def call(self, images, training=False):
        q = self.gauss(self.head(self.stack(images - 0.5)))
        z = tf.convert_to_tensor(q)
        self.add_loss(tf.reduce_mean(q.log_prob(z) - self.prior.log_prob(z)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    encoder = Encoder(encoded_size, base_depth, prior)
    encoder(tf.zeros((2, *input_shape)))
    return encoder
