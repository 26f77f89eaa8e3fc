# Adds noise only where `training` is given.
# loses spread: Called without the argument `training`: the standard deviation at log_var = ln 9 is 0
# loses freshness: whatever `training` is
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        if training is None:
            return mean
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
