# Ends a series after the second term near the prior, and has the right gradients.
# loses prior, hidden: nothing small may be cut off or changed
@tf.custom_gradient
def series(log_var):
    small = tf.abs(log_var) < 0.28
    w = tf.where(small, log_var**2 / 2, tf.math.expm1(log_var) - log_var)
    return w, lambda upstream: upstream * tf.math.expm1(log_var)


def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + series(log_var), axis=-1)
