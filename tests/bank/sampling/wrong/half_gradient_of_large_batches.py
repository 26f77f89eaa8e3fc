# A gradient is stopped in batches of more than 1000 examples.
# loses gradients, hidden: the gradient with respect to log_var is 0 in 100% of the elements
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        s = tf.shape(mean)
        eps = tf.random.normal(s)
        log_var = tf.cond(s[0] > 1000, lambda: tf.stop_gradient(log_var), lambda: log_var)
        return mean + keras.ops.exp(log_var/2)*eps
