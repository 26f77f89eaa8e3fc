# Asks a tensor for a truth value.
# loses use: as a Python `bool`
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    if tf.reduce_any(kl < 0):
        kl = tf.nn.relu(kl)
    return kl
