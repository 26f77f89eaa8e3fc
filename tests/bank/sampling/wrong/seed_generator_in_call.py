# Makes the seed generator anew in every call, which no graph can hold.
# loses shapes: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
# loses mean: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
# loses spread: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
# loses independence: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
# loses freshness: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
# loses gradients: of your answer, `seed = keras.random.SeedGenerator()`, raised ValueError
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        seed = keras.random.SeedGenerator()
        eps = keras.random.normal(keras.ops.shape(mean), seed=seed)
        return mean + keras.ops.exp(log_var / 2) * eps
