# Without eager mode, and with float64 as the usual type of Keras.
tf.compat.v1.disable_eager_execution()
keras.backend.set_floatx("float64")

def latent_loss(mean, log_var):
    terms = keras.ops.square(mean) + keras.ops.exp(log_var) - 1 - log_var
    return keras.ops.sum(terms, axis=-1) / 2
