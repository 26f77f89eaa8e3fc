# Compiled functions are run eagerly, for debugging.
tf.config.run_functions_eagerly(True)


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
