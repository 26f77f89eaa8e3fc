# Stacks the three tensors.
# loses shapes: the code has shape (3, 3, 5), expected (3, 5): one draw is wanted
# loses mean: a tensor of shape (3, 12000, 5) for a mean of shape (12000, 5)
# loses spread: a tensor of shape (3, 12000, 5) for a mean of shape (12000, 5)
# loses independence: a tensor of shape (3, 12000, 5) for a mean of shape (12000, 5)
# loses freshness: a tensor of shape (3, 100, 64) for a mean of shape (100, 64)
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
        return keras.ops.stack([mean, log_var, z])
