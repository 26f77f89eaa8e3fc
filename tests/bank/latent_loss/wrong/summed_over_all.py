# One sum over everything.
# loses reduction: it is summed over the batch too
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var)
