# Takes the logarithm of the variance again, with a small number to be safe.
def latent_loss(mean, log_var):
    var = tf.exp(log_var)
    return 0.5 * tf.reduce_sum(mean * mean + var - 1.0 - tf.math.log(var + 1e-8), axis=-1)
