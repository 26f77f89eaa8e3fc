# Estimates the divergence from one random code.
# loses value: this is an estimate from random draws
def latent_loss(mean, log_var):
    eps = tf.random.normal(tf.shape(mean))
    z = mean + tf.exp(log_var / 2) * eps
    log_q = -0.5 * (log_var + eps**2)
    log_p = -0.5 * z**2
    return tf.reduce_sum(log_q - log_p, axis=-1)
