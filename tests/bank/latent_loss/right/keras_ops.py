# The formula as it stands in the book, with operations of Keras.
def latent_loss(mean, log_var):
    kl = keras.ops.square(mean) + keras.ops.exp(log_var) - 1 - log_var
    return 0.5 * keras.ops.sum(kl, axis=-1)
