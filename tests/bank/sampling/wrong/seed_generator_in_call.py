# Makes the seed generator anew in every call, which a compiled function does not allow.
# loses freshness: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        seed = keras.random.SeedGenerator()
        eps = keras.random.normal(keras.ops.shape(mean), seed=seed)
        return mean + keras.ops.exp(log_var / 2) * eps
