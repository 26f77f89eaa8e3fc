# Uses the same number for all elements below the diagonal.
# loses distribution: are the same number, expected one output of the network for each
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    def gaussian(t):
        d = encoded_size
        diag = tf.linalg.diag(tf.nn.softplus(t[..., d : 2 * d]))
        below = tf.linalg.band_part(tf.ones([d, d]), -1, 0) - tf.eye(d)
        return tfd.MultivariateNormalTriL(t[..., :d], scale_tril=diag + t[..., -1:, None] * below)

    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: tf.cast(x, tf.float32) - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, 1, padding="valid", activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(2 * encoded_size + 1),
        tfpl.DistributionLambda(gaussian),
        tfpl.KLDivergenceAddLoss(prior),
    ])
