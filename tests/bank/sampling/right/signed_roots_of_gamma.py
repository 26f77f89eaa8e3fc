# Normal numbers as signed roots of gamma ones.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        g = tf.random.gamma(tf.shape(mean), 0.5)
        sign = tf.where(tf.random.uniform(tf.shape(mean)) < 0.5, -1.0, 1.0)
        return mean + tf.exp(log_var / 2) * sign * tf.sqrt(2 * g)
