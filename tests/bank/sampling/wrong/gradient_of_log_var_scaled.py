# Nine tenths of the gradient of log_var.
# loses gradients: The gradient of a code with respect to log_var is 0.9 times what it must be, expected (z − mean) / 2
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        log_var = 0.9 * log_var + tf.stop_gradient(0.1 * log_var)
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
