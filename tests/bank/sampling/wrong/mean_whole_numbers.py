# Rounds the mean, which the announced whole numbers do not show.
# loses mean, hidden: the mean is rounded to a whole number
# loses gradients: No gradient reaches mean
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean))
        return keras.ops.round(mean) + keras.ops.exp(log_var / 2) * eps
