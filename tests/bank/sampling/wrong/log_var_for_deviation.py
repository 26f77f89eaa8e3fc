# Takes the logarithm for the deviation.
# loses spread: you seem to scale the noise by log_var, which is a logarithm
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + log_var * tf.random.normal(tf.shape(mean))
