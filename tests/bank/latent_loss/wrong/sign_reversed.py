# The sign of the tutorial's formula is lost on the way.
# loses value: its sign is reversed
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(1 + log_var - mean**2 - tf.exp(log_var), axis=-1)
