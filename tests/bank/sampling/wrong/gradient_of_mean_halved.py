# Half of the gradient of the mean is stopped.
# loses gradients: The gradient of a code with respect to mean is 0.5 times what it must be, expected 1
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        center = mean / 2 + tf.stop_gradient(mean / 2)
        return center + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
