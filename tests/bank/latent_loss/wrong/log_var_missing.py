# Forgets the term - log_var.
# loses value: in the sum log_var is missing
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1, axis=-1)
