# Divides by the number of pixels.
# loses reduction: you seem to divide by the 784 pixels
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return kl / 784
