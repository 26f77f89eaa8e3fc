# The square root of the variance.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        variance = tf.exp(log_var)
        return tf.sqrt(variance) * tf.random.normal(tf.shape(mean)) + mean
