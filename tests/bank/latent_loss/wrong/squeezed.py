# Squeezes, which also drops the axis of a batch of one.
# loses reduction, hidden: the axis of the batch stays, even if its length is 1
def latent_loss(mean, log_var):
    kl = tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1, keepdims=True)
    return tf.squeeze(0.5 * kl)
