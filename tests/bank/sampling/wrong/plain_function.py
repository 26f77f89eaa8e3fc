# A function instead of a layer.
# loses shapes: Sampling is a function, expected a class
# loses mean: Sampling is a function, expected a class
# loses spread: Sampling is a function, expected a class
# loses independence: Sampling is a function, expected a class
# loses freshness: Sampling is a function, expected a class
# loses gradients: Sampling is a function, expected a class
def Sampling(inputs):
    mean, log_var = inputs
    return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
