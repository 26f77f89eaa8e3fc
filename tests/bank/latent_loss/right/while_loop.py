# One latent after the other, with tf.while_loop.
def latent_loss(mean, log_var):
    def add(j, total):
        m, v = mean[:, j], log_var[:, j]
        return j + 1, total + 0.5 * (m * m + tf.exp(v) - 1.0 - v)

    start = tf.constant(0), tf.zeros_like(mean[:, 0])
    return tf.while_loop(lambda j, total: j < tf.shape(mean)[1], add, start)[1]
