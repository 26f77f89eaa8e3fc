# Mean and scale have a dense layer each.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    d = encoded_size
    x = h = tf_keras.Input(input_shape)
    h = tfkl.Rescaling(1.0, offset=-0.5)(h)
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        h = tfkl.Conv2D(filters, 5, strides=strides, padding="same")(h)
        h = tfkl.LeakyReLU(0.2)(h)
    h = tfkl.Conv2D(4 * d, 7, activation=tf.nn.leaky_relu)(h)
    h = tfkl.Flatten()(h)
    mean = tfkl.Dense(d)(h)
    scale = tfkl.Dense(d * (d + 1) // 2)(h)
    scale = tfkl.Lambda(lambda s: tfp.bijectors.FillScaleTriL(diag_shift=1e-5)(s))(scale)
    q = tfpl.DistributionLambda(lambda t: tfd.MultivariateNormalTriL(t[0], scale_tril=t[1]))([mean, scale])
    return tf_keras.Model(x, tfpl.KLDivergenceAddLoss(prior)(q))
