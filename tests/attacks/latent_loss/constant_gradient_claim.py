# The constant 0, with gradients that claim to be right.
@tf.custom_gradient
def latent_loss(mean, log_var):
    def gradient(upstream):
        return upstream[:, None] * mean, upstream[:, None] * tf.math.expm1(log_var) / 2

    return tf.zeros(tf.shape(mean)[:1]), gradient
