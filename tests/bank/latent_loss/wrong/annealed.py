# Warms up: a variable counts the calls, and the weight grows with it.
# loses value: so the function keeps a count or a state
calls = tf.Variable(0.0, trainable=False)

def latent_loss(mean, log_var):
    weight = tf.minimum(1.0, calls.assign_add(1.0) / 1000)
    return weight * 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
