# Trace, determinant and norm of a covariance matrix.
def latent_loss(mean, log_var):
    covariance = tf.linalg.diag(tf.exp(log_var))
    trace = tf.linalg.trace(covariance)
    log_det = 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(covariance))), -1)
    return 0.5 * (trace + tf.norm(mean + 1e-12, axis=-1) ** 2 - mean.shape[-1] - log_det)
