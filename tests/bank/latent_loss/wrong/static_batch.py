# Takes the batch size from the static shape.
# loses use: `total = tf.zeros(mean.shape[0])`
def latent_loss(mean, log_var):
    total = tf.zeros(mean.shape[0])
    for j in range(mean.shape[1]):
        total += 0.5 * (mean[:, j] ** 2 + tf.exp(log_var[:, j]) - 1 - log_var[:, j])
    return total
