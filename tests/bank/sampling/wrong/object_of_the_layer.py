# A layer, not its class.
# loses shapes: Sampling is an object of type Noise, expected a class
# loses mean: Sampling is an object of type Noise, expected a class
# loses spread: Sampling is an object of type Noise, expected a class
# loses independence: Sampling is an object of type Noise, expected a class
# loses freshness: Sampling is an object of type Noise, expected a class
# loses gradients: Sampling is an object of type Noise, expected a class
class Noise(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))


Sampling = Noise()
