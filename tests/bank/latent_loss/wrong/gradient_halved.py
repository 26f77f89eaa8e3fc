# The gradient of the mean is halved on its way back.
# loses gradients: every gradient is 0.5 times the right one
@tf.custom_gradient
def halved(x):
    return tf.identity(x), lambda upstream: upstream / 2

def latent_loss(mean, log_var):
    mean = halved(mean)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
