# Adds 1 instead of subtracting it.
# loses value: the constant 1 has the factor 0.5 (it should be −½)
# loses prior: expected 0: a floor under it (free bits) or a wrong constant
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) + 1 - log_var, axis=-1)
