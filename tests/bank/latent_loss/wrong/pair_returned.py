# Returns the sum and its terms.
# loses value: The function returned a tuple
# loses prior: The function returned a tuple
# loses reduction: The function returned a tuple
# loses gradients: The function returned a tuple
# loses use: The function returned a tuple
def latent_loss(mean, log_var):
    terms = 0.5 * (mean**2 + tf.exp(log_var) - 1 - log_var)
    return tf.reduce_sum(terms, axis=-1), terms
