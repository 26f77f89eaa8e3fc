# A function with the computation, for a Lambda layer.
# loses shapes: Sampling is a function, expected a class
# loses mean: Sampling is a function, expected a class
# loses spread: Sampling is a function, expected a class
# loses independence: Sampling is a function, expected a class
# loses freshness: Sampling is a function, expected a class
# loses gradients: Sampling is a function, expected a class
Sampling = lambda mean, log_var: mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
