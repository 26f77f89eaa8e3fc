# Writes expm1 with sinh, and takes the last of running sums.
def latent_loss(mean, log_var):
    w = 2 * tf.sinh(log_var / 2)**2 + tf.sinh(log_var) - log_var
    return 0.5 * tf.cumsum(mean**2 + w, axis=1)[:, -1]
