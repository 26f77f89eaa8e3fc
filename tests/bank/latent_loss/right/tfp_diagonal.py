# Two diagonal Gaussians of TensorFlow Probability.
import tensorflow_probability as tfp

tfd = tfp.distributions

def latent_loss(mean, log_var):
    q = tfd.MultivariateNormalDiag(loc=mean, scale_diag=tf.exp(log_var / 2))
    p = tfd.MultivariateNormalDiag(loc=tf.zeros_like(mean), scale_diag=tf.ones_like(mean))
    return tfd.kl_divergence(q, p)
