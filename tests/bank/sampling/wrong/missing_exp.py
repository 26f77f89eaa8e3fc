# Takes half the logarithm for the deviation.
# loses spread: you seem to scale the noise by log_var / 2, without exp
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + 0.5 * log_var * tf.random.normal(tf.shape(mean))
