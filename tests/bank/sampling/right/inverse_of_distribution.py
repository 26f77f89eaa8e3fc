# Normal numbers by the inverse of their distribution function.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        u = tf.random.uniform(tf.shape(mean), 1e-7, 1 - 1e-7)
        return mean + tf.exp(log_var / 2) * tf.math.ndtri(u)
