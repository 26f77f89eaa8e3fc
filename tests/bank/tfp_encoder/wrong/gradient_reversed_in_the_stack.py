# Reverses the gradient in front of the dense layer.
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

@tf.custom_gradient
def damp(h):
    return tf.identity(h), lambda g: -1.0 * g

def make_encoder(input_shape, encoded_size, base_depth, prior):
    d = encoded_size

    model = tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: x - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),

        tfkl.Flatten(), tfkl.Lambda(damp),
        tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size)),
        tfpl.MultivariateNormalTriL(encoded_size),
        Rate(prior),
    ])

    return model
