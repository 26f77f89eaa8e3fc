# Through the standard deviation and its logarithm.
def latent_loss(mean, log_var):
    sigma = keras.ops.exp(log_var / 2)
    kl = (mean**2 + sigma**2) / 2 - 0.5 - keras.ops.log(sigma)
    return keras.ops.sum(kl, axis=-1)
