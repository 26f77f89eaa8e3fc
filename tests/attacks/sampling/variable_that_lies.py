# Returns a Keras variable whose values change when they are read.
# held: a variable is saved with its numbers, not with its methods
class Lying(keras.Variable):
    def numpy(self):
        return np.random.normal(size=self.shape)

    def __array__(self, dtype=None):
        return np.full(self.shape, np.nan)


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        return Lying(np.full((1, 1, 1, 1, 3), np.nan))
