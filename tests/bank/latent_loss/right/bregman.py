# As a Bregman divergence, with a gradient tape inside.
def log_partition(a, b):
    return tf.reduce_sum(-a**2 / (4 * b) - 0.5 * tf.math.log(-2 * b), -1)
def latent_loss(mean, log_var):
    var = tf.exp(log_var)
    a, b = mean / var, -0.5 / var
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        A = log_partition(a, b)
    ga, gb = tape.gradient(A, [a, b])
    pa, pb = tf.zeros_like(a), tf.zeros_like(b) - 0.5
    return log_partition(pa, pb) - A - tf.reduce_sum((pa - a) * ga + (pb - b) * gb, -1)
