# Sums over the examples.
# loses reduction: the batch is summed, not the latents
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=0)
