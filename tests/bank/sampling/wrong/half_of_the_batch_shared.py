# The second half of a batch gets the noise of the first.
# loses independence: the noise of two codes has a correlation of 1, expected 0
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = tf.shape(mean)[0]
        eps = tf.random.normal(tf.stack([(size + 1) // 2, mean.shape[-1]]))
        eps = tf.concat([eps, eps], axis=0)[:size]
        return mean + tf.exp(log_var / 2) * eps
