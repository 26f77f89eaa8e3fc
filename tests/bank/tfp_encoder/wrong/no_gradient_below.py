# Stops the gradient of the KL in front of the dense layer.
# loses kl: keeps training from lowering it
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    gaussian = tfpl.MultivariateNormalTriL(encoded_size)
    dense = tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size))

    class Head(tfkl.Layer):
        def __init__(self):
            super().__init__()
            self.dense = dense

        def call(self, h):
            frozen = gaussian(self.dense(tf.stop_gradient(h)))
            self.add_loss(tf.reduce_mean(tfd.kl_divergence(frozen, prior)))
            return gaussian(self.dense(h))

    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Rescaling(1.0, offset=-0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        Head(),
    ])
