# Raises the loss slowly, by a counter of Python.
# loses value: a counter of Python
step = 0
def latent_loss(mean, log_var):
    global step
    step += 1
    beta = min(1.0, step / 10000)
    return beta * 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
