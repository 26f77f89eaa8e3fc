# Divides by the width of the image.
# loses reduction: you seem to divide by 28
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return kl / 28.0
