# Drops latents that cost less than a tenth of a nat.
# loses prior, hidden: only at the prior is it 0
def latent_loss(mean, log_var):
    kl = 0.5 * (mean**2 + tf.exp(log_var) - 1 - log_var)
    return tf.reduce_sum(tf.where(kl < 0.1, tf.zeros_like(kl), kl), axis=-1)
