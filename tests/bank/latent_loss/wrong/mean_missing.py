# Only the width of the distribution is charged.
# loses value: in the sum mean² is missing
def latent_loss(mean, log_var):
    return 0.5 * tf.reduce_sum(tf.exp(log_var) - 1 - log_var, axis=-1)
