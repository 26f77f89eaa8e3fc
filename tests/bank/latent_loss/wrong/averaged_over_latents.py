# Averages over the latents.
# loses reduction: it is averaged over the latents, not summed
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_mean(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
