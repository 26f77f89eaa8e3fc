# Passes no gradient back for large variances.
# loses gradients, hidden: on its way back
def latent_loss(mean, log_var):
    lv = tf.where(log_var > 4.1, tf.stop_gradient(log_var), log_var)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(lv) - 1 - lv, axis=-1)
