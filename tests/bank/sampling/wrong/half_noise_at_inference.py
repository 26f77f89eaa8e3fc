# Half of the noise at inference.
# loses spread: expected 3: as if the noise had a standard deviation of 0.5 instead of 1
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        scale = 1.0 if training else 0.5
        return mean + scale * keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
