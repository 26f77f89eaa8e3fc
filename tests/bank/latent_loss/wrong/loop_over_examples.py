# A Python loop over the batch.
# loses use: `for i in range(len(mean)):`
def latent_loss(mean, log_var):
    losses = []
    for i in range(len(mean)):
        losses.append(0.5 * tf.reduce_sum(mean[i] ** 2 + tf.exp(log_var[i]) - 1 - log_var[i]))
    return tf.stack(losses)
