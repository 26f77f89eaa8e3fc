# Stops the gradient of the mean.
# loses gradients: No gradient reaches mean
def latent_loss(mean, log_var):
    mean = tf.stop_gradient(mean)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
