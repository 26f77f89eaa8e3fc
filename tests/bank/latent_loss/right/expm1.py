# Precise next to the prior: expm1 for exp - 1.
def latent_loss(mean, log_var):
    per_latent = mean ** 2 + tf.math.expm1(log_var) - log_var
    return tf.reduce_sum(per_latent, axis=-1) / 2.0
