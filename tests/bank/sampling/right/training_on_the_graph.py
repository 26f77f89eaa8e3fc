# `training` chooses between two draws at run time.
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        eps = tf.cond(
            tf.cast(bool(training), tf.bool),
            lambda: tf.random.normal(tf.shape(mean)),
            lambda: -tf.random.normal(tf.shape(mean)),
        )
        return mean + tf.exp(log_var / 2) * tf.ensure_shape(eps, mean.shape)
