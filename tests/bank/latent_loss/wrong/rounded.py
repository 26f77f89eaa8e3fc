# Rounds to four decimals.
# loses gradients: No gradient reaches mean
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return tf.round(kl * 1e4) / 1e4
