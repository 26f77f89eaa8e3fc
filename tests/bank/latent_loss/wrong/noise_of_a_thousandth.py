# Adds noise of a thousandth of the value.
# loses value: two calls with the same inputs differ
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return kl * (1 + 3e-4 * tf.random.normal(tf.shape(kl)))
