# Limits the gradient far from the prior.
# loses gradients, hidden: on its way back
@tf.custom_gradient
def clip(x):
    return x, lambda g: tf.clip_by_value(g, -70., 70.)
def latent_loss(mean, log_var):
    mean, log_var = clip(mean), clip(log_var)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
