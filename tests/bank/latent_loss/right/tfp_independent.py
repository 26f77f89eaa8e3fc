# Gaussians of single latents, made one distribution by Independent.
from tensorflow_probability import distributions as tfd

def latent_loss(mean, log_var):
    q = tfd.Independent(tfd.Normal(mean, tf.exp(0.5 * log_var)), 1)
    p = tfd.Independent(tfd.Normal(tf.zeros_like(mean), 1.0), 1)
    return q.kl_divergence(p)
