# The mean is not squared.
# loses value: the mean is not squared
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean + tf.exp(log_var) - 1 - log_var, axis=-1)
