# The noise is a random sign.
# loses spread, hidden: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        s = tf.shape(mean)
        eps = tf.sign(tf.random.normal(s))
        return mean + keras.ops.exp(log_var/2)*eps
