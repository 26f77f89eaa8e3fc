# Passes no gradient back for means between 0.31 and 0.49.
# loses gradients, hidden: on its way back
def latent_loss(mean, log_var):
    mid = (tf.abs(mean) > 0.31) & (tf.abs(mean) < 0.49)
    m = tf.where(mid, tf.stop_gradient(mean), mean)
    return 0.5 * tf.reduce_sum(m**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
