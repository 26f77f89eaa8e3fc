# A class that is no layer.
# loses shapes: Sampling() gives an object of type Sampling, expected a layer
# loses mean: Sampling() gives an object of type Sampling, expected a layer
# loses spread: Sampling() gives an object of type Sampling, expected a layer
# loses independence: Sampling() gives an object of type Sampling, expected a layer
# loses freshness: Sampling() gives an object of type Sampling, expected a layer
# loses gradients: Sampling() gives an object of type Sampling, expected a layer
class Sampling:
    def __call__(self, inputs, training=None):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
