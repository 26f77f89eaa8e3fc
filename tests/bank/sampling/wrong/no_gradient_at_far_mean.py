# A gradient is stopped where the mean is far from 0.
# loses gradients, hidden: The gradient with respect to mean is 0 in
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.normal(tf.shape(mean))
        mean = tf.where(tf.abs(mean) > 3, tf.stop_gradient(mean), mean)
        return mean + keras.ops.exp(log_var/2)*eps
