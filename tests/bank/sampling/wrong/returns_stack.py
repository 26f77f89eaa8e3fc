# Stacks the three tensors.
# loses shapes: the code has shape (3, 5, 3), expected (5, 3): one draw is wanted
# loses mean: a tensor of shape (3, 12000, 4) for a mean of shape (12000, 4)
# loses spread: a tensor of shape (3, 12000, 3) for a mean of shape (12000, 3)
# loses independence: a tensor of shape (3, 4000, 6) for a mean of shape (4000, 6)
# loses freshness: a tensor of shape (3, 30, 20) for a mean of shape (30, 20)
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
        return keras.ops.stack([mean, log_var, z])
