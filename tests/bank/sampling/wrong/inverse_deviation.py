# A minus sign too many in the exponent.
# loses spread: you seem to use exp(−log_var / 2), the inverse
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(-0.5 * log_var) * tf.random.normal(tf.shape(mean))
