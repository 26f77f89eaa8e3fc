# The divergence of Keras, which is for probabilities, between noise and codes.
# loses value: keras.losses.kl_divergence, which compares two lists of probabilities
# loses prior: expected 0
# loses gradients: the result is the same whatever mean and log_var are
# loses use: apart from random numbers
def latent_loss(mean, log_var):
    noise = keras.random.normal(keras.ops.shape(mean))
    return keras.losses.kl_divergence(noise, mean + keras.ops.exp(log_var / 2))
