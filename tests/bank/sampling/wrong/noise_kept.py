# Draws the noise at the first call and keeps it.
# loses shapes: A mean and a log_var of shape (3, 5) cannot be used
# loses freshness: a fixed seed, or noise that is drawn once and kept, repeats itself
class Sampling(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.eps = None

    def call(self, inputs):
        mean, log_var = inputs
        if self.eps is None:
            self.eps = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * self.eps
