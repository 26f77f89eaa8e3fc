# The call is a compiled function.
class Sampling(keras.layers.Layer):
    @tf.function
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
