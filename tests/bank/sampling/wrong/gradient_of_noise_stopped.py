# Stops the gradient of the whole noise term, not of eps alone.
# loses gradients: No gradient reaches log_var
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        noise = tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
        return mean + tf.stop_gradient(noise)
