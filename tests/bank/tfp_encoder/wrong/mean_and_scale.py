# Returns mean and scale in a list, as the encoder of the chapter before.
# loses distribution: The encoder returns a list of 2, expected a distribution
# loses kl: The training loss carries no KL
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    conv = lambda f, k, s, p: tfkl.Conv2D(f, k, s, p, activation=tf.nn.leaky_relu)
    x = tf_keras.Input(input_shape)
    h = conv(base_depth, 5, 1, "same")(x - 0.5)
    h = conv(base_depth, 5, 2, "same")(h)
    h = conv(2 * base_depth, 5, 1, "same")(h)
    h = conv(2 * base_depth, 5, 2, "same")(h)
    h = tfkl.Flatten()(conv(4 * encoded_size, 7, 1, "valid")(h))
    return tf_keras.Model(x, [tfkl.Dense(encoded_size)(h), tfkl.Dense(encoded_size)(h)])
