# Stops the gradient of the log-variance.
# loses gradients: No gradient reaches log_var
def latent_loss(mean, log_var):
    var = tf.stop_gradient(tf.exp(log_var))
    log_var = keras.ops.stop_gradient(log_var)
    return 0.5 * tf.reduce_sum(mean**2 + var - 1 - log_var, axis=-1)
