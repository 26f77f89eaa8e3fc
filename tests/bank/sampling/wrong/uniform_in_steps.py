# Uniform noise on two hundred levels.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        s = tf.shape(mean)
        eps = (tf.cast(tf.random.uniform(s, maxval=200, dtype=tf.int32), tf.float32)-99.5)/57.73
        return mean + keras.ops.exp(log_var/2)*eps
