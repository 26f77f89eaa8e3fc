# Stops the gradient of the scale.
# loses gradients: No gradient reaches log_var
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        sigma = tf.stop_gradient(keras.ops.exp(log_var / 2))
        return mean + sigma * keras.random.normal(keras.ops.shape(mean))
