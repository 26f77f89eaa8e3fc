# Layers of Keras inside, one made outside and one at the first call.
square = keras.layers.Lambda(keras.ops.square)
layers = {}

def latent_loss(mean, log_var):
    if "add" not in layers:
        layers["add"] = keras.layers.Add(name="terms")
    terms = layers["add"]([square(mean), keras.ops.exp(log_var), -log_var])
    return keras.ops.sum(terms - 1, axis=-1) / 2
