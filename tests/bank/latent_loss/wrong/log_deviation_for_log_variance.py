# Subtracts log sigma instead of log sigma^2.
# loses value: log σ where log σ² = log_var is needed
def latent_loss(mean, log_var):
    sigma = tf.exp(0.5 * log_var)
    return 0.5 * tf.reduce_sum(mean**2 + sigma**2 - 1 - tf.math.log(sigma), axis=-1)
