# Averages the codes over the batch.
# loses shapes: nothing may be averaged or summed on the way
# loses mean: examples with different means get the same codes
# loses spread: expected
# loses independence: the noise of two codes has a correlation of 1
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
        return keras.ops.mean(z, axis=0)
