# Stops the gradient of a sampled KL on its way to the scale.
# loses kl: keeps training from lowering it
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q, training=None):
        half = tfd.MultivariateNormalTriL(q.mean(), tf.stop_gradient(q.scale.to_dense()))
        z = half.sample()
        self.add_loss(tf.reduce_mean(half.log_prob(z) - self.prior.log_prob(z)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    image = h = tf_keras.Input(input_shape)
    h = h - 0.5
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        h = tfkl.Conv2D(filters, 5, strides, "same", activation=tf.nn.leaky_relu)(h)
    h = tfkl.Flatten()(tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu)(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    q = tfpl.MultivariateNormalTriL(encoded_size)(h)
    return tf_keras.Model(image, Rate(prior)(q))
