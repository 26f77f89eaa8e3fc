# Keeps an axis for the number of draws.
# loses shapes: the code has shape (1, 3, 5), expected (3, 5)
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.normal(tf.concat([[1], tf.shape(mean)], axis=0))
        return mean + tf.exp(log_var / 2) * eps
