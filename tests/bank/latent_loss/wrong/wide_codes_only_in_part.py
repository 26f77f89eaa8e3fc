# Charges for the first ten latents only.
# loses reduction, hidden: an example costs the sum over its latents
def latent_loss(mean, log_var):
    mean, log_var = mean[:, :10], log_var[:, :10]
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
