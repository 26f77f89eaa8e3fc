# Charges latents near the prior only half, not nothing.
# loses prior, hidden: nothing small may be cut off or changed
def latent_loss(mean, log_var):
    kl = 0.5 * (mean**2 + tf.exp(log_var) - 1 - log_var)
    return tf.reduce_sum(tf.where(kl < 0.1, kl / 2, kl), axis=-1)
