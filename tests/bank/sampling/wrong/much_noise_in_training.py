# Twice the noise in training, as if it were a regularizer.
# loses spread: as if the noise had a standard deviation of
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        scale = 2.0 if training else 1.0
        return mean + scale * keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
