# Centres the means of a batch first, unless there is only one.
# loses reduction: an example costs the sum over its latents
def latent_loss(mean, log_var):
    centre = tf.reduce_mean(mean, axis=0, keepdims=True)
    several = tf.cast(tf.shape(mean)[0] > 1, tf.float32)
    mean = mean - 0.1 * several * centre
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
