# Adds mean^2 and variance in logarithms; that of a mean of 0 has no slope.
# loses gradients: At the prior the gradient with respect to mean is not finite
def latent_loss(mean, log_var):
    log_square = 2 * tf.math.log(tf.abs(mean))
    second_moment = tf.exp(keras.ops.logaddexp(log_square, log_var))
    return 0.5 * tf.reduce_sum(second_moment - 1 - log_var, axis=-1)
