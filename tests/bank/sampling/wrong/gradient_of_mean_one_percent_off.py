# One hundredth of the gradient of the mean is missing.
# loses gradients: The gradient of a code with respect to mean is 0.99 times what it must be
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        center = 0.99 * mean + tf.stop_gradient(0.01 * mean)
        return center + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
