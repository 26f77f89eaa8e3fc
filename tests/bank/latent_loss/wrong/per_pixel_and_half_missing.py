# Two mistakes: the factor 1/2 is missing, and the sum is divided by the pixels.
# loses value: the factor ½ is missing
# loses reduction: you seem to divide by the 784 pixels
def latent_loss(mean, log_var):
    return tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1) / (28 * 28)
