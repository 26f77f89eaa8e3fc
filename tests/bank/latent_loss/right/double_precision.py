# Computes in float64 and returns float32.
def latent_loss(mean, log_var):
    mean = tf.cast(mean, tf.float64)
    log_var = tf.cast(log_var, tf.float64)
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return tf.cast(kl, tf.float32)
