# Rounds down, with a straight-through gradient that is double.
# loses gradients: every gradient is 2 times the right one
@tf.custom_gradient
def rounded_down(x):
    return tf.floor(x * 1e5) / 1e5, lambda upstream: 2 * upstream

def latent_loss(mean, log_var):
    return rounded_down(0.5 * tf.reduce_sum(mean**2 + tf.math.expm1(log_var) - log_var, axis=-1))
