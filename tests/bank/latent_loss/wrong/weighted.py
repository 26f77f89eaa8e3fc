# Has a weight beta left in it.
# loses value: every value is 4 times the expected one
BETA = 4.0

def latent_loss(mean, log_var):
    return BETA * 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
