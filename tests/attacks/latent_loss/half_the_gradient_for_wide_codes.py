# Halves the gradient in codes of more than two latents.
# held: gradients are taken at 40 latents, too
# keeps value, prior, reduction, use
def kl(mean, log_var):
    return tf.reduce_sum(mean**2 + tf.math.expm1(log_var) - log_var, -1) / 2

def latent_loss(mean, log_var):
    z = kl(mean, log_var)
    return z if mean.shape[-1] <= 2 else 0.5 * z + 0.5 * tf.stop_gradient(z)
