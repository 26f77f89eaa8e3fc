# Takes the noise of each code from a row of numbers that codes share.
# held: the signs of numbers at all distances within a batch are compared
# keeps prior, architecture, centring, kl
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(tf.zeros(encoded_size), tf.ones(encoded_size))


def code(q):
    shape = tf.shape(q.mean())
    row = tf.random.normal((shape[0] + shape[1],))
    noise = tf.gather(row, tf.range(shape[0])[:, None] + tf.range(shape[1]))
    return q.mean() + tf.linalg.matvec(q.scale.to_dense(), noise)


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
        tfpl.MultivariateNormalTriL(encoded_size, convert_to_tensor_fn=code),
        Rate(prior),
    ])
