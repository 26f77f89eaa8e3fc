# Scales the mean at inference, as dropout is told to.
# loses mean: At inference, with training=False: codes with mean −12 and log_var 1 are −10.8
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        center = mean if training else 0.9 * mean
        return center + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
