# A subclassed model whose attributes are in another order than its calls.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Encoder(tf_keras.Model):
    def __init__(self, encoded_size, base_depth, prior):
        super().__init__()
        self.prior = prior
        self.gaussian = tfpl.MultivariateNormalTriL(encoded_size)
        self.head = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))
        self.last = tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu)
        self.convs = [
            tfkl.Conv2D(filters, 5, strides, "same", activation=tf.nn.leaky_relu)
            for filters in (base_depth, 2 * base_depth)
            for strides in (1, 2)
        ]

    def call(self, x):
        h = tf.cast(x, tf.float32) - 0.5
        for conv in self.convs:
            h = conv(h)
        h = tf.reshape(self.last(h), (tf.shape(h)[0], -1))
        q = self.gaussian(self.head(h))
        self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return Encoder(encoded_size, base_depth, prior)
