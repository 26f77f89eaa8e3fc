# Integrates log q - log p with three Gauss-Hermite nodes, exact for a quadratic.
def latent_loss(mean, log_var):
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    weights = weights / weights.sum()
    total = tf.zeros_like(mean)
    for eps, weight in zip(nodes.astype("float32"), weights.astype("float32")):
        z = mean + tf.exp(log_var / 2) * eps
        total += weight * (0.5 * z**2 - 0.5 * eps**2 - 0.5 * log_var)
    return tf.reduce_sum(total, axis=-1)
