# A functional model with add_loss on a symbolic KL.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    def conv(filters, size, strides, padding="same"):
        return tfkl.Conv2D(filters, size, strides, padding, activation=tf.nn.leaky_relu)

    x = tf_keras.Input(shape=input_shape)
    h = x - 0.5
    h = conv(base_depth, 5, 1)(h)
    h = conv(base_depth, 5, 2)(h)
    h = conv(2 * base_depth, 5, 1)(h)
    h = conv(2 * base_depth, 5, 2)(h)
    h = conv(4 * encoded_size, 7, 1, "valid")(h)
    params = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(tfkl.Flatten()(h))
    q = tfpl.MultivariateNormalTriL(encoded_size)(params)
    kl = tfkl.Lambda(lambda q: tfd.kl_divergence(q, prior))(q)
    model = tf_keras.Model(x, q)
    model.add_loss(tf.reduce_mean(kl))
    return model
