# Multiplies by the squares of random signs.
def latent_loss(mean, log_var):
    e = tf.sign(tf.random.uniform(tf.shape(mean)) - 0.5)
    s = tf.exp(log_var / 2)
    f = lambda e: 0.5 * ((mean + s * e)**2 - e**2 - log_var)
    return tf.reduce_sum(f(e) + f(-e), axis=-1) / 2
