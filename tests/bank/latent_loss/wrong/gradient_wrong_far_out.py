# The gradient of large means is stopped.
# loses gradients, hidden: No gradient reaches mean
def latent_loss(mean, log_var):
    mean = tf.where(tf.abs(mean) > 5.0, tf.stop_gradient(mean), mean)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
