# A gradient is stopped where log_var is far from 0.
# loses gradients, hidden: The gradient with respect to log_var is 0 in
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.normal(tf.shape(mean))
        log_var = tf.where(tf.abs(log_var) > 2.5, tf.stop_gradient(log_var), log_var)
        return mean + keras.ops.exp(log_var/2)*eps
