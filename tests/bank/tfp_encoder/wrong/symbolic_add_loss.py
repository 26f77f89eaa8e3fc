# Adds the KL by a layer and, of symbolic tensors, once more to the model.
# loses architecture: would count it twice
# loses distribution: would count it twice
# loses centring: would count it twice
# loses kl: would count it twice
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    image = h = tf_keras.Input(input_shape)
    h = h - 0.5
    for filters, strides in [(base_depth, 1), (base_depth, 2), (2 * base_depth, 1), (2 * base_depth, 2)]:
        h = tfkl.Conv2D(filters, 5, strides, "same", activation=tf.nn.leaky_relu)(h)
    h = tfkl.Flatten()(tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu)(h))
    h = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))(h)
    q = tfpl.KLDivergenceAddLoss(prior)(tfpl.MultivariateNormalTriL(encoded_size)(h))
    model = tf_keras.Model(image, q)
    posterior = tfpl.MultivariateNormalTriL.new(h, encoded_size)
    model.add_loss(tf.reduce_mean(tfd.kl_divergence(posterior, prior)))
    return model
