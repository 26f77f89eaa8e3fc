# Straight through: the gradient of log_var has the right sign only.
# loses gradients: The gradient of a code with respect to log_var is wrong in
@tf.custom_gradient
def add_noise(mean, log_var, eps):
    def back(upstream):
        return upstream, upstream * tf.sign(eps), tf.zeros_like(eps)

    return mean + tf.exp(log_var / 2) * eps, back


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return add_noise(mean, log_var, tf.random.normal(tf.shape(mean)))
