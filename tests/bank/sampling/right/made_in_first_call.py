# The generator is made in the first call.
class Sampling(keras.layers.Layer):
    generator = None

    def call(self, inputs):
        if self.generator is None:
            self.generator = tf.random.Generator.from_seed(5)
        mean, log_var = inputs
        eps = self.generator.normal(tf.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
