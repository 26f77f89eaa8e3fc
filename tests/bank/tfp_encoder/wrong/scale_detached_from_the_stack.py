# Feeds the scale with features that pass no gradient back.
# loses distribution: changes gradients on their way back
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior
    def call(self, q):
        kl = tfd.kl_divergence(q, self.prior)
        self.add_loss(tf.reduce_mean(kl))
        return q


def make_encoder(input_shape, encoded_size, base_depth, prior):
    d = encoded_size

    x = tf_keras.Input(input_shape)
    h = x - 0.5
    for layer in [
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
    ]:
        h = layer(h)
    h = tfkl.Flatten()(h)
    m = tfkl.Dense(d)(h)
    s = tfkl.Dense(d * (d + 1) // 2)(tf.stop_gradient(h))
    q = tfpl.DistributionLambda(lambda t: tfd.MultivariateNormalTriL(t[0], tfp.bijectors.FillScaleTriL()(t[1])))([m, s])
    return tf_keras.Model(x, Rate(prior)(q))

    model = tf_keras.Sequential([
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

    return model
