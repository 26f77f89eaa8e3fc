# The quantile function of a uniform number, without a guard against 0.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        u = tf.random.uniform(tf.shape(mean))
        return mean + tf.exp(log_var/2)*tf.math.ndtri(u)
