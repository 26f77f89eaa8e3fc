# Adds log_var instead of subtracting it.
# loses value: log_var has the factor 0.5 (it should be −½)
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 + log_var, axis=-1)
