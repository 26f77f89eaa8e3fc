# A full covariance that happens to be diagonal.
import tensorflow_probability as tfp

def latent_loss(mean, log_var):
    tfd = tfp.distributions
    q = tfd.MultivariateNormalTriL(mean, scale_tril=tf.linalg.diag(tf.sqrt(tf.exp(log_var))))
    p = tfd.MultivariateNormalTriL(tf.zeros_like(mean), tf.eye(mean.shape[-1]))
    return q.kl_divergence(p)
