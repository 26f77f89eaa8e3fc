# Summed by segment ids.
def latent_loss(mean, log_var):
    n, d = tf.shape(mean)[0], tf.shape(mean)[1]
    t = tf.reshape(mean**2 + tf.exp(log_var) - 1 - log_var, [-1]) / 2
    return tf.math.unsorted_segment_sum(t, tf.repeat(tf.range(n), d), n)
