# Keeps the summed axis.
# loses reduction: an axis is kept
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1, keepdims=True)
