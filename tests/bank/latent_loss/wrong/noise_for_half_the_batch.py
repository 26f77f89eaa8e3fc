# Every other example gets noise.
# loses value: two calls with the same inputs differ
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    other = tf.cast(tf.range(tf.shape(kl)[0]) % 2, tf.float32)
    return kl * (1 + 0.05 * other * tf.random.normal(tf.shape(kl)))
