# The noise is too small at inference.
# keeps shapes, mean, independence, freshness, gradients
# held: every mode is measured by its values
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        sigma = keras.ops.exp(log_var / 2) * (1.0 if training else 0.001)
        return mean + sigma * keras.random.normal(keras.ops.shape(mean))
