# Scalar products instead of sums.
def latent_loss(mean, log_var):
    sigma = tf.exp(log_var / 2)
    squares = tf.einsum("bi,bi->b", mean, mean) + tf.einsum("bi,bi->b", sigma, sigma)
    return 0.5 * (squares - tf.reduce_sum(log_var + 1, axis=-1))
