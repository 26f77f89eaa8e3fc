# Computes in NumPy, wrapped so that it runs in a graph.
# loses value: holds a Python function
# loses prior: holds a Python function
# loses reduction: holds a Python function
# loses gradients: holds a Python function
# loses use: holds a Python function
def numpy_kl(mean, log_var):
    return 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var, axis=-1).astype("float32")

def latent_loss(mean, log_var):
    return tf.numpy_function(numpy_kl, [mean, log_var], tf.float32)
