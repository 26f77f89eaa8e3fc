# Two mistakes: sigma for sigma^2, and no factor 1/2.
# loses value: and the factor ½ is missing
def latent_loss(mean, log_var):
    sigma = tf.exp(log_var / 2)
    return tf.reduce_sum(mean**2 + sigma - 1 - log_var, axis=-1)
