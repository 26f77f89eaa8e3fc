# Noise around 0, which does not depend on the inputs.
# loses value: two calls with the same inputs differ
# loses prior: expected 0
# loses gradients: the result is the same whatever mean and log_var are
# loses use: apart from random numbers
def latent_loss(mean, log_var):
    return 0.01 * tf.random.normal(tf.shape(mean)[:1])
