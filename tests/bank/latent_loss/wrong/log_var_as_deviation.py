# Takes log_var for the standard deviation.
# loses value: you seem to take log_var for the standard deviation itself
# loses prior: the logarithm of 0
def latent_loss(mean, log_var):
    var = log_var**2
    return 0.5 * tf.reduce_sum(mean**2 + var - 1 - tf.math.log(var), axis=-1)
