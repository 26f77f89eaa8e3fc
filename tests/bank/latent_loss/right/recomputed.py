# Recomputes its terms for the gradient, to save memory.
@tf.recompute_grad
def terms(mean, log_var):
    return mean**2 + tf.exp(log_var) - 1 - log_var

def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(terms(mean, log_var), axis=-1)
