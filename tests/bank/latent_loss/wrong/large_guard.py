# The guard in the logarithm is so large that narrow distributions become cheap.
# loses value, hidden: right at other values
def latent_loss(mean, log_var):
    var = tf.exp(log_var)
    return 0.5 * tf.reduce_sum(mean**2 + var - 1 - tf.math.log(var + 1e-6), axis=-1)
