# A loop of keras.ops over the latents.
def latent_loss(mean, log_var):
    t = 0.5 * (mean**2 + keras.ops.exp(log_var) - 1 - log_var)
    return keras.ops.fori_loop(0, keras.ops.shape(t)[1], lambda j, s: s + t[:, j], keras.ops.zeros_like(t[:, 0]))
