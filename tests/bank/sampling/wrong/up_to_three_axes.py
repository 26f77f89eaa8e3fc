# Knows two and three axes, as announced.
# loses shapes, hidden: UnboundLocalError
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = tf.shape(mean)
        if len(mean.shape) == 2:
            eps = tf.random.normal((size[0], size[1]))
        elif len(mean.shape) == 3:
            eps = tf.random.normal((size[0], size[1], size[2]))
        return mean + tf.exp(log_var / 2) * eps
