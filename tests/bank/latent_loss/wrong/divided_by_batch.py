# Divides by the number of examples.
# loses reduction: it is divided by the batch size
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return kl / tf.cast(tf.shape(mean)[0], tf.float32)
