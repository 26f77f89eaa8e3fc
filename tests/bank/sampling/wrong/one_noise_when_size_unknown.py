# Falls back on a batch of one where the batch size is not known.
# loses independence: Where the size of the batch is unknown
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = (mean.shape[0] or 1,) + tuple(mean.shape[1:])
        return mean + tf.exp(log_var / 2) * tf.random.normal(shape)
