# Assumes batches of 32 when the size is not known.
# loses use: a size of 32 is fixed in your function
def latent_loss(mean, log_var):
    total = tf.zeros(mean.shape[0] or 32)
    for j in range(mean.shape[1]):
        total += 0.5 * (mean[:, j] ** 2 + tf.exp(log_var[:, j]) - 1 - log_var[:, j])
    return total
