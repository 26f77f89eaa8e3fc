# Returns the scaled noise only.
# loses mean: the mean does not arrive in the code; add it to the scaled noise
# loses gradients: No gradient reaches mean
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
