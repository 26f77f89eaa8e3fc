# The formula with its sign turned round, as many tutorials write it.
def latent_loss(mean, log_var):
    inside = 1 + log_var - tf.square(mean) - tf.exp(log_var)
    return -0.5 * tf.reduce_sum(inside, axis=1)
