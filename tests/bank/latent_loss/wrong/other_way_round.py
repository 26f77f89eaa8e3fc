# KL(p || q) instead of KL(q || p).
# loses value: this is KL(p ‖ q), the divergence the other way round
import tensorflow_probability as tfp

def latent_loss(mean, log_var):
    q = tfp.distributions.MultivariateNormalDiag(mean, tf.exp(0.5 * log_var))
    p = tfp.distributions.MultivariateNormalDiag(tf.zeros_like(mean))
    return p.kl_divergence(q)
