# A series next to the prior, the formula elsewhere, joined by tf.where.
def latent_loss(mean, log_var):
    small = tf.abs(log_var) < 0.02
    inside = tf.where(small, log_var, tf.zeros_like(log_var))
    series = inside**2 / 2 + inside**3 / 6
    width = tf.where(small, series, tf.exp(log_var) - 1 - log_var)
    return tf.reduce_sum(mean**2 + width, axis=-1) / 2
