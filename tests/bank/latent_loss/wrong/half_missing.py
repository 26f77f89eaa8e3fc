# Forgets the factor 1/2.
# loses value: the factor ½ is missing
def latent_loss(mean, log_var):
    return tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
