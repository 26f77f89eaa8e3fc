# Free bits for the code as a whole.
# loses prior: a floor under it (free bits)
def latent_loss(mean, log_var):
    kl = 0.5 * keras.ops.sum(mean**2 + keras.ops.exp(log_var) - 1 - log_var, axis=-1)
    return keras.ops.maximum(kl, 1.0)
