# Leaves the KL out after a thousand steps.
# loses kl: keeps a count or a state
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))

class Rate(tfkl.Layer):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior
        self.step = self.add_weight(name="step", shape=(), dtype=tf.int32, initializer="zeros", trainable=False)
    def call(self, q, training=None):
        n = self.step.assign_add(1)
        self.add_loss(tf.where(n > 1000, 0., 1.) * tf.reduce_mean(tfd.kl_divergence(q, self.prior)))
        return q

def make_encoder(input_shape, encoded_size, base_depth, prior):
    return tf_keras.Sequential([
        tfkl.InputLayer(input_shape=input_shape),
        tfkl.Lambda(lambda x: x - 0.5),
        tfkl.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tfkl.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
        tfkl.Flatten(),
        tfkl.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size)),
        tfpl.MultivariateNormalTriL(encoded_size),
        Rate(prior),
    ])
