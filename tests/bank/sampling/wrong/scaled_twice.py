# The noise is drawn with the deviation, then multiplied by it again.
# loses spread: you seem to use exp(log_var) where exp(log_var / 2) is needed
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        std = tf.exp(log_var / 2)
        eps = tf.random.normal(tf.shape(mean), stddev=std)
        return mean + std * eps
