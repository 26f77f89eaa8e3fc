# Computes, and answers, in double precision.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = [tf.cast(x, tf.float64) for x in inputs]
        eps = tf.random.normal(tf.shape(mean), dtype=tf.float64)
        return mean + tf.exp(log_var / 2) * eps
