# Stops the gradient of the variance only; that of log_var itself is left.
# loses gradients: something changes the gradient on its way back
def latent_loss(mean, log_var):
    var = tf.stop_gradient(tf.exp(log_var))
    return 0.5 * tf.reduce_sum(mean**2 + var - 1 - log_var, axis=-1)
