# The scale is fixed and not an output.
# loses distribution: 6 elements of the scale, some on its diagonal, are the same for 100 different images
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    L = tf.linalg.band_part(tf.fill([encoded_size, encoded_size], 0.3), -1, 0)

    def gaussian(t):
        return tfd.MultivariateNormalTriL(t, scale_tril=L)

    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: tf.cast(x, tf.float32) - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, 1, padding="valid", activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(encoded_size),
        tfpl.DistributionLambda(gaussian),
        tfpl.KLDivergenceAddLoss(prior),
    ])
