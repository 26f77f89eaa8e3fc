# The gradient of the log-variance is a tenth larger than the slope.
# loses gradients: every gradient is 1.1 times the right one
def latent_loss(mean, log_var):
    log_var = 1.1 * log_var - tf.stop_gradient(0.1 * log_var)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
