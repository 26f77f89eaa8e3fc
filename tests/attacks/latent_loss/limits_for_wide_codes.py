# Limits mean and log_var in codes of more than two latents.
# held: codes all over the place are summed at two widths
# keeps value, prior, gradients, use
def kl(mean, log_var):
    return tf.reduce_sum(mean**2 + tf.math.expm1(log_var) - log_var, -1) / 2

def latent_loss(mean, log_var):
    if mean.shape[-1] > 2:
        mean, log_var = tf.clip_by_value(mean, -4., 4.), tf.clip_by_value(log_var, -0.1, 1.6)
    return kl(mean, log_var)
