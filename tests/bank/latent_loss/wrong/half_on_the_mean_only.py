# Operator precedence: the factor 1/2 reaches the first term only.
# loses value: exp(log_var) has the factor 1 (it should be ½)
def latent_loss(mean, log_var):
    return keras.ops.sum(0.5 * mean**2 + keras.ops.exp(log_var) - 1 - log_var, axis=-1)
