# Limits means far out.
# loses value, hidden: right at other values
def latent_loss(mean, log_var):
    mean = keras.ops.clip(mean, -100, 100)
    return keras.ops.sum(mean**2 + keras.ops.exp(log_var) - 1 - log_var, axis=-1) / 2
