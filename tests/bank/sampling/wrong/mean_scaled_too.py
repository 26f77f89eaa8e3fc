# The parenthesis stands in the wrong place.
# loses mean: the mean arrives multiplied by 1.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return (mean + keras.random.normal(keras.ops.shape(mean))) * keras.ops.exp(log_var / 2)
