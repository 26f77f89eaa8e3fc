# Clips log_var to be safe.
# loses value: right at other values
def latent_loss(mean, log_var):
    log_var = tf.clip_by_value(log_var, -5.0, 5.0)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
