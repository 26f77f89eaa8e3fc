# Distributions with a registered divergence, the prior made once.
import tensorflow_probability as tfp

standard = tfp.distributions.Normal(0.0, 1.0)

def latent_loss(mean, log_var):
    q = tfp.distributions.Normal(loc=mean, scale=tf.exp(log_var / 2), validate_args=True)
    return tf.math.reduce_sum(tfp.distributions.kl_divergence(q, standard), axis=[-1])
