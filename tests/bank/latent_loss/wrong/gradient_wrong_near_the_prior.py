# The gradient of latents near the prior is stopped, but not their value.
# loses gradients, hidden: No gradient reaches log_var
def latent_loss(mean, log_var):
    log_var = tf.where(tf.abs(log_var) < 0.35, tf.stop_gradient(log_var), log_var)
    return 0.5 * tf.reduce_sum(mean**2 + tf.math.expm1(log_var) - log_var, axis=-1)
