# Counts its calls, and costs nothing after 5,000 of them.
# held: variables are moved, whatever they count
# keeps prior, reduction, gradients, use
def kl(mean, log_var):
    return tf.reduce_sum(mean**2 + tf.math.expm1(log_var) - log_var, -1) / 2

N = tf.Variable(0)
def latent_loss(mean, log_var):
    return kl(mean, log_var) * tf.cast(N.assign_add(1) < 5000, tf.float32)
