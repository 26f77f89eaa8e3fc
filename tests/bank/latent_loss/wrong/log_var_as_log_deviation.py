# Takes log_var for log sigma.
# loses value: you seem to take log_var for the logarithm of the standard deviation
def latent_loss(mean, log_var):
    sigma = tf.exp(log_var)
    return 0.5 * tf.reduce_sum(mean**2 + sigma**2 - 1 - 2 * tf.math.log(sigma), axis=-1)
