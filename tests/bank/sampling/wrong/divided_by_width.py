# The noise is divided by the root of the width, as initial weights are.
# loses spread: as if the noise had a standard deviation of 0.44
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        width = tf.cast(tf.shape(mean)[-1], tf.float32)
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean)) / tf.sqrt(width)
