# Charges the first forty latents only.
# loses reduction, hidden: no matter the others
def latent_loss(mean, log_var):
    mean, log_var = mean[:, :40], log_var[:, :40]
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
