# An integer as the seed repeats the noise for ever.
# loses freshness: a fixed seed, or noise that is drawn once and kept, repeats itself
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean), seed=42)
        return mean + keras.ops.exp(log_var / 2) * eps
