# Clips log_var far out.
# loses value, hidden: right at other values
def latent_loss(mean, log_var):
    log_var = keras.ops.clip(log_var, -10, 10)
    return keras.ops.sum(mean**2 + keras.ops.exp(log_var) - 1 - log_var, axis=-1) / 2
