# Uses the precision for the variance.
# loses value: you seem to use exp(−log_var), the inverse of the variance
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(-log_var) - 1 - log_var, axis=-1)
