# The layer is registered, has a name scope, and gives its configuration.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


@tf_keras.saving.register_keras_serializable(package="vae")
class Rate(tfkl.Layer):
    def __init__(self, prior, weight=1.0, **settings):
        super().__init__(**settings)
        self.prior, self.weight = prior, weight

    def call(self, q):
        with tf.name_scope("rate"):
            rate = tf.reduce_mean(tfd.kl_divergence(q, self.prior))
            self.add_loss(self.weight * rate)
            self.add_metric(rate, name="rate")
        return q

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


def make_encoder(input_shape, encoded_size, base_depth, prior):
    image = h = tf_keras.Input(input_shape)
    h = h - 0.5
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        h = tfkl.Conv2D(filters, 5, strides, "same", activation=tf.nn.leaky_relu)(h)
    h = tfkl.Flatten()(tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu)(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    q = tfpl.MultivariateNormalTriL(encoded_size)(h)
    return tf_keras.Model(image, Rate(prior)(q))
