# Counts in bits.
# loses reduction: you seem to count in bits
def latent_loss(mean, log_var):
    nats = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return nats / np.log(2).astype("float32")
