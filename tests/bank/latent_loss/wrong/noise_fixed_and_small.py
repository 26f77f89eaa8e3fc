# A little noise of NumPy, drawn once for a graph.
# loses value: random numbers or a counter of Python or NumPy
def latent_loss(mean, log_var):
    scale = 1 + 5e-4 * float(np.random.uniform(-1, 1))
    return scale * 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
