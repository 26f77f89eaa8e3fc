# A third of the variance is shared by the batch.
# loses independence: the noise of two codes has a correlation of 0.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        own = tf.random.normal(tf.shape(mean))
        shared = tf.random.normal([mean.shape[-1]])
        eps = np.sqrt(2 / 3) * own + np.sqrt(1 / 3) * shared
        return mean + tf.exp(log_var / 2) * eps
