# The same noise in every prediction, to get the same pictures.
# loses freshness: the noise must be as fresh at inference as at training
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        seed = None if training else 0
        eps = keras.random.normal(keras.ops.shape(mean), seed=seed)
        return mean + keras.ops.exp(log_var / 2) * eps
