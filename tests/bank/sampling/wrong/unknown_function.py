# Calls a function that does not exist.
# loses shapes: Line 5 of your answer, `eps = keras.random.randn(keras.ops.shape(mean))`, raised AttributeError
# loses mean: Line 5 of your answer, `eps = keras.random.randn(keras.ops.shape(mean))`, raised AttributeError
# loses spread: Line 5 of your answer, `eps = keras.random.randn(keras.ops.shape(mean))`, raised AttributeError
# loses independence: Line 5 of your answer, `eps = keras.random.randn(keras.ops.shape(mean))`, raised AttributeError
# loses freshness: Line 5 of your answer, `eps = keras.random.randn(keras.ops.shape(mean))`, raised AttributeError
# loses gradients: Line 5 of your answer, `eps = keras.random.randn(keras.ops.shape(mean))`, raised AttributeError
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.randn(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * eps
