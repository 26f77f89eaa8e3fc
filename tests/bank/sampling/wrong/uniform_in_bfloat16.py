# Uniform noise in half precision.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        s = tf.shape(mean)
        eps = tf.cast(keras.random.uniform(s, -1.7320508, 1.7320508, dtype='bfloat16'), tf.float32)
        return mean + keras.ops.exp(log_var/2)*eps
