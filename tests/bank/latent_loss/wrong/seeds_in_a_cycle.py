# An estimate from random codes whose seeds repeat after sixteen calls.
# loses value: two calls with the same inputs differ
turn = tf.Variable(0, trainable=False)

def latent_loss(mean, log_var):
    seed = tf.stack([turn.assign_add(1) % 16, 7])
    eps = tf.random.stateless_normal(tf.shape(mean), seed)
    z = mean + tf.exp(log_var / 2) * eps
    return 0.5 * tf.reduce_sum(z**2 - eps**2 - log_var, axis=-1)
