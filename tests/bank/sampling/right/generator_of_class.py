# All layers share the generator of their class.
class Sampling(keras.layers.Layer):
    noise = keras.random.SeedGenerator(seed=1)

    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(
            keras.ops.shape(mean), seed=Sampling.noise
        )
