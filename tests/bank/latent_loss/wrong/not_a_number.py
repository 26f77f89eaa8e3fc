# Divides 0 by 0.
# loses value: the latent loss is nan
# loses prior: the logarithm of 0, or a quotient by 0
# loses reduction: expected a number for each latent
# loses gradients: not finite
# loses use: nan
def latent_loss(mean, log_var):
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
    return kl * (0.0 * kl) / (0.0 * kl)
