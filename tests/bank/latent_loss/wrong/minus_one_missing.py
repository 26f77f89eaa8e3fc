# Forgets the - 1.
# loses value: the constant 1 is missing (it should be −½)
# loses prior: expected 0: a floor under it (free bits) or a wrong constant
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var, axis=-1)
