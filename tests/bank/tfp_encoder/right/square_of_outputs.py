# Takes d times d outputs and keeps the lower triangle.
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    def gaussian(t):
        square = tf.reshape(t[..., encoded_size:], (-1, encoded_size, encoded_size))
        L = tf.linalg.band_part(square, -1, 0)
        L = tf.linalg.set_diag(L, tf.nn.softplus(tf.linalg.diag_part(L)) + 1e-4)
        return tfd.MultivariateNormalTriL(t[..., :encoded_size], L)

    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: tf.cast(x, tf.float32) - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, 1, padding="valid", activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(encoded_size + encoded_size**2),
        tfpl.DistributionLambda(gaussian),
        tfpl.KLDivergenceAddLoss(prior),
    ])
