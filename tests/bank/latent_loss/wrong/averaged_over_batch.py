# Averages over the batch too.
# loses reduction: it is averaged over the batch too
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return tf.reduce_mean(kl)
