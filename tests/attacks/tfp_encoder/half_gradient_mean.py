# The KL has no gradient for the mean.
# keeps prior, architecture, distribution, centring
# held: the gradient of the loss is compared with that of the posterior, part by part
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
    class AddRate(tfkl.Layer):
        def call(self, posterior):
            mean = tf.stop_gradient(posterior.mean())
            half = tfd.MultivariateNormalTriL(mean, posterior.scale.to_dense())
            self.add_loss(tf.reduce_mean(tfd.kl_divergence(half, prior)))
            return posterior

    image = tf_keras.Input(input_shape)
    numbers = stacked(image, encoded_size, base_depth)
    return tf_keras.Model(image, AddRate()(tfpl.MultivariateNormalTriL(encoded_size)(numbers)))
