# Returns float64.
def latent_loss(mean, log_var):
    mean, log_var = keras.ops.cast(mean, "float64"), keras.ops.cast(log_var, "float64")
    return 0.5 * keras.ops.sum(mean**2 + keras.ops.exp(log_var) - 1 - log_var, axis=-1)
