# Returns the cost of every latent.
# loses reduction: the latents are not summed
def latent_loss(mean, log_var):
    return 0.5 * (mean**2 + tf.exp(log_var) - 1 - log_var)
