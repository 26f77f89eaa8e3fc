# Adds the standard deviation, without noise.
# loses mean: every code is mean + exp(log_var / 2); no noise is drawn
# loses spread: every code is mean + exp(log_var / 2); no noise is drawn
# loses independence: they are mean + exp(log_var / 2); no noise is drawn
# loses freshness: gave mean + exp(log_var / 2), expected fresh noise in each: no noise is drawn
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2)
