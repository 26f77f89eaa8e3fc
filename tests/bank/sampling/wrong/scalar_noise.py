# One number of noise for everything.
# loses independence: All numbers in a batch of codes of shape (12000, 5) are the same
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(())
