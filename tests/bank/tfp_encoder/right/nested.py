# A trunk as a model of its own inside the encoder; a helper and no lambda.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def trunk(input_shape, encoded_size, base_depth):
    model = tf_keras.Sequential([tfkl.InputLayer(input_shape)])
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        model.add(tfkl.Conv2D(filters, 5, strides, "same", activation="leaky_relu"))
    model.add(tfkl.Conv2D(4 * encoded_size, 7, activation="leaky_relu"))
    return model


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return tf_keras.Sequential([
        tfkl.Rescaling(1.0, -0.5, input_shape=input_shape),
        trunk(input_shape, encoded_size, base_depth),
        tfkl.Conv2D(tfpl.MultivariateNormalTriL.params_size(encoded_size), 1),
        tfkl.Flatten(),
        tfpl.MultivariateNormalTriL(encoded_size),
        tfpl.KLDivergenceAddLoss(prior),
    ])
