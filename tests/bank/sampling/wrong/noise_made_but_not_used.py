# Draws noise and multiplies by its scale instead.
# loses mean: every code is mean + exp(log_var / 2); noise is drawn, but it is not used
# loses spread: every code is mean + exp(log_var / 2); noise is drawn, but it is not used
# loses independence: they are mean + exp(log_var / 2); noise is drawn, but it is not used
# loses freshness: gave mean + exp(log_var / 2), expected fresh noise in each: noise is drawn, but it is not used
NOISE_SCALE = 1.0


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        noise = keras.random.normal(keras.ops.shape(mean), stddev=NOISE_SCALE)
        return mean + keras.ops.exp(0.5 * log_var) * NOISE_SCALE
