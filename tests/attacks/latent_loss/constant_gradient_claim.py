# The constant 0, with gradients that claim to be right.
# held: gradients are compared with the values, and the values with the oracle
@tf.custom_gradient
def latent_loss(mean, log_var):
    def gradient(upstream):
        return upstream[:, None] * mean, upstream[:, None] * tf.math.expm1(log_var) / 2

    return tf.zeros(tf.shape(mean)[:1]), gradient
