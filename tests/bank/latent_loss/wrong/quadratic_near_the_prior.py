# Ends a series after the second term near the prior.
# loses prior, hidden: nothing small may be cut off or changed
def latent_loss(mean, log_var):
    small = tf.abs(log_var) < 0.28
    w = tf.where(small, log_var**2 / 2, tf.math.expm1(log_var) - log_var)
    return 0.5 * tf.reduce_sum(mean**2 + w, axis=-1)
