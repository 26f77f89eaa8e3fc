# Python chooses the seed: once, when the function is traced.
# loses freshness: noise or seeds made by Python or NumPy are frozen when it is traced
import random


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        seed = random.randint(0, 2**31 - 1)
        eps = keras.random.normal(keras.ops.shape(mean), seed=seed)
        return mean + keras.ops.exp(log_var / 2) * eps
