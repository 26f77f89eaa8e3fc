# Limits log_var to ±12.
# loses value, hidden: limited on the way
def latent_loss(mean, log_var):
    log_var = tf.clip_by_value(log_var, -12., 12.)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
