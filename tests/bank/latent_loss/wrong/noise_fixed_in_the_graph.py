# Estimates the divergence from noise of NumPy, drawn once for a graph.
# loses value: random numbers or a counter of Python or NumPy
def latent_loss(mean, log_var):
    eps = np.random.normal(size=(8, 1, mean.shape[-1])).astype("float32")
    z = mean + tf.exp(log_var / 2) * eps
    return tf.reduce_sum(tf.reduce_mean(0.5 * (z**2 - eps**2 - log_var), axis=0), axis=-1)
