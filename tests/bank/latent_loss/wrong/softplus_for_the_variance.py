# Takes softplus(log_var) for the variance.
# loses value: softplus(log_var)
# loses prior: softplus(log_var)
def latent_loss(mean, log_var):
    var = tf.nn.softplus(log_var)
    return 0.5 * tf.reduce_sum(mean**2 + var - 1 - tf.math.log(var), axis=-1)
