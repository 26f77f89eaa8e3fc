# Every second sample of the prior is the one before with the other sign.
# held: samples are compared whatever their signs are
# keeps architecture, distribution, centring, kl
class Prior(tfd.MultivariateNormalDiag):
    def sample(self, count=(), *_, **__):
        half = tf.random.normal((count // 2, 1, *self.event_shape))
        return tf.reshape(tf.concat([half, -half], 1), (count, *self.event_shape))


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
