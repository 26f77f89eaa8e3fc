# Makes a variable at every call.
# loses value: tf.Variable
# loses prior: tf.Variable
# loses reduction: tf.Variable
# loses gradients: tf.Variable
# loses use: tf.Variable
def latent_loss(mean, log_var):
    prior_mean = tf.Variable(tf.zeros(mean.shape[-1]), trainable=False)
    kl = (mean - prior_mean) ** 2 + tf.exp(log_var) - 1 - log_var
    return 0.5 * tf.reduce_sum(kl, axis=-1)
