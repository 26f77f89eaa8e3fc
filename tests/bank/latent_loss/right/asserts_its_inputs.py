# Checks shapes and numbers first.
def latent_loss(mean, log_var):
    tf.debugging.assert_equal(tf.shape(mean), tf.shape(log_var))
    mean = tf.debugging.check_numerics(tf.ensure_shape(mean, (None, None)), "mean")
    with tf.name_scope("rate"):
        return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
