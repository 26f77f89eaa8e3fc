# Free bits: every latent is charged for a tenth of a nat at least.
# loses prior: a floor under it (free bits)
def latent_loss(mean, log_var):
    kl = 0.5 * (mean**2 + tf.exp(log_var) - 1 - log_var)
    return tf.reduce_sum(tf.maximum(kl, 0.1), axis=-1)
