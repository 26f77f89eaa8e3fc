# A subclassed model that takes the mode and builds its layers late.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Encoder(tf_keras.Model):
    def __init__(self, encoded_size, base_depth, prior):
        super().__init__(name="encoder")
        self.size, self.depth, self.prior = encoded_size, base_depth, prior

    def build(self, input_shape):
        leaky = {"activation": tf.nn.leaky_relu}
        b = self.depth
        self.trunk = tf_keras.Sequential([
            tfkl.Conv2D(b, 5, padding="same", **leaky),
            tfkl.Conv2D(b, 5, 2, padding="same", **leaky),
            tfkl.Conv2D(2 * b, 5, padding="same", **leaky),
            tfkl.Conv2D(2 * b, 5, 2, padding="same", **leaky),
            tfkl.Conv2D(4 * self.size, 7, **leaky),
            tfkl.Flatten(),
            tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(self.size)),
        ])
        self.gaussian = tfpl.MultivariateNormalTriL(self.size)
        super().build(input_shape)

    def call(self, inputs, training=False, mask=None):
        q = self.gaussian(self.trunk(inputs - 0.5, training=training))
        if training:
            self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return Encoder(encoded_size, base_depth, prior)
