# Takes log_var for the variance.
# loses value: you seem to take log_var for the variance itself
# loses prior: the logarithm of 0
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + log_var - 1 - tf.math.log(log_var), axis=-1)
