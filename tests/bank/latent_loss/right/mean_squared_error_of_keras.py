# The square of the mean by a loss of Keras, times the number of latents.
def latent_loss(mean, log_var):
    size = mean.shape[-1]
    place = size * keras.losses.mean_squared_error(keras.ops.zeros_like(mean), mean)
    return 0.5 * (place + keras.ops.sum(keras.ops.exp(log_var) - log_var - 1, axis=-1))
