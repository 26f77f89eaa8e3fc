# Squares the sum of the means instead of summing their squares.
# loses reduction: an example costs the sum over its latents
def latent_loss(mean, log_var):
    width = tf.reduce_sum(tf.exp(log_var) - 1 - log_var, axis=-1)
    return 0.5 * (tf.reduce_sum(mean, axis=-1) ** 2 + width)
