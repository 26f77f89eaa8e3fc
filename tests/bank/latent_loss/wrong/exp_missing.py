# Forgets exp, so that log_var cancels.
# loses value: you seem to forget exp
# loses prior: a wrong constant keeps it from 0
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + log_var - 1 - log_var, axis=-1)
