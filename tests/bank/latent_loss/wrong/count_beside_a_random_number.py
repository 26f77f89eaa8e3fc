# Ends to charge after 5000 calls, with an idle random number beside it.
# loses value: keeps a count or a state
count = tf.Variable(0.0, trainable=False)
def latent_loss(mean, log_var):
    n = count.assign_add(1.0)
    weight = tf.where(n > 5000., 0., 1.) + 0 * tf.random.uniform(())
    return weight * 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
