# Leaky ReLU as a maximum; padding by hand.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q):
        self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


def leaky(x):
    return tf.maximum(x, 0.2 * x)


def make_encoder(input_shape, encoded_size, base_depth, prior):
    x = h = tf_keras.Input(input_shape)
    h = tfkl.ZeroPadding2D(2)(h - 0.5)
    h = tfkl.Conv2D(base_depth, 5, activation=leaky)(h)
    h = tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=leaky)(h)
    h = tfkl.Conv2D(2 * base_depth, 5, padding="same", activation=leaky)(h)
    h = tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=leaky)(h)
    h = tfkl.Flatten()(tfkl.Conv2D(4 * encoded_size, 7, activation=leaky)(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    return tf_keras.Model(x, Rate(prior)(tfpl.MultivariateNormalTriL(encoded_size)(h)))
