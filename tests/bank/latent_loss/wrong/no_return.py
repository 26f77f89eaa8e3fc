# Forgets to return the result.
# loses value: The function returned None
# loses prior: The function returned None
# loses reduction: The function returned None
# loses gradients: The function returned None
# loses use: The function returned None
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
