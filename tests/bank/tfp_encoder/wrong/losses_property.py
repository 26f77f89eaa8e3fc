# Gives the KL when asked for its losses, but adds none.
# loses kl: The training loss carries no KL
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Encoder(tf_keras.Model):
    def call(self, images, training=None, mask=None):
        self.__dict__["last"] = super().call(images, training=training, mask=mask)
        return self.__dict__["last"]

    @property
    def losses(self):
        last = self.__dict__.get("last")
        if not isinstance(last, tfd.Distribution):
            return []
        return [tf.reduce_mean(tfd.kl_divergence(last, self.prior_of_codes))]


def make_encoder(input_shape, encoded_size, base_depth, prior):
    x = h = tf_keras.Input(input_shape)
    h = h - 0.5
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        h = tfkl.Conv2D(filters, 5, strides, "same", activation=tf.nn.leaky_relu)(h)
    h = tfkl.Flatten()(tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu)(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    encoder = Encoder(x, tfpl.MultivariateNormalTriL(encoded_size)(h))
    encoder.prior_of_codes = prior
    return encoder
