# The variance for the deviation, and a fixed seed.
# loses spread: you seem to use exp(log_var) where exp(log_var / 2) is needed
# loses freshness: a fixed seed, or noise that is drawn once and kept, repeats itself
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean), seed=0)
        return mean + keras.ops.exp(log_var) * eps
