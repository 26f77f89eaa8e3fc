# Takes the square root of the logarithm.
# loses spread: a root or a logarithm of log_var is not a number where log_var is negative
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.sqrt(log_var) * tf.random.normal(tf.shape(mean))
