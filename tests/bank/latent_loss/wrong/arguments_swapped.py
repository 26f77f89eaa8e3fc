# Takes the arguments in the wrong order.
# loses value: mean and log_var are swapped
def latent_loss(log_var, mean):
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
