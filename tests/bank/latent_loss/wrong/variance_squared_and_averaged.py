# Takes log_var for the deviation, guards its logarithm, and averages over the latents.
# loses value: you seem to take log_var for the standard deviation itself
# loses prior: you seem to take log_var for the standard deviation itself
# loses reduction: it is averaged over the latents, not summed
def latent_loss(mean, log_var):
    variance = keras.ops.square(log_var)
    divergence = keras.ops.square(mean) + variance - 1 - keras.ops.log(variance + 1e-20)
    return keras.ops.mean(divergence, axis=-1) / 2
