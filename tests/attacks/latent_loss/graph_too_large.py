# Holds a constant of 30 MB.
# held: the bytes of a graph are limited before it is read
LARGE = np.random.default_rng(0).normal(size=8_000_000).astype(np.float32)


def latent_loss(mean, log_var):
    each = keras.ops.square(mean) + keras.ops.expm1(log_var) - log_var
    return keras.ops.sum(each, axis=-1) / 2 + 0 * tf.constant(LARGE)[tf.size(mean)]
