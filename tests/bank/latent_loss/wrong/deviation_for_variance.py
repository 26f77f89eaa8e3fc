# Uses sigma where sigma^2 is needed.
# loses value: you seem to use exp(log_var / 2)
def latent_loss(mean, log_var):
    sigma = tf.exp(log_var / 2)
    return 0.5 * tf.reduce_sum(mean**2 + sigma - 1 - log_var, axis=-1)
