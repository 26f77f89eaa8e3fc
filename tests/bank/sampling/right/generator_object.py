# A random generator of TensorFlow, made once.
class Sampling(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.generator = tf.random.Generator.from_seed(7)

    def call(self, inputs):
        mu, log_var = inputs
        return mu + tf.exp(log_var / 2) * self.generator.normal(tf.shape(mu))
