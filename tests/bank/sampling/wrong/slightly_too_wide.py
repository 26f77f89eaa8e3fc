# Five hundredths too much noise.
# loses spread: as if the noise had a standard deviation of 1.05 instead of 1
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + 1.05 * tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
