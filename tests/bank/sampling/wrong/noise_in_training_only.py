# Returns the mean at inference, as dropout would.
# loses spread: At inference, with training=False: the standard deviation at log_var = ln 9 is 0
# loses freshness: the code is random at inference too, whatever `training` is
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        if not training:
            return mean
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
