# A Python loop over the latents, whose number is known.
def latent_loss(mean, log_var):
    total = 0.0
    for j in range(mean.shape[-1]):
        total = total + 0.5 * (mean[:, j] ** 2 + tf.exp(log_var[:, j]) - 1 - log_var[:, j])
    return total
