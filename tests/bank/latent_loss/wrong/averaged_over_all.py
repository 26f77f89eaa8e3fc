# One mean over everything.
# loses reduction: it is averaged over the latents and the batch
def latent_loss(mean, log_var):
    return 0.5 * keras.ops.mean(mean**2 + keras.ops.exp(log_var) - 1 - log_var)
