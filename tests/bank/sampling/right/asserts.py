# Shapes and numbers are asserted in the graph.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        tf.debugging.assert_equal(tf.shape(mean), tf.shape(log_var))
        mean = tf.debugging.check_numerics(mean, "mean")
        with tf.control_dependencies([tf.debugging.assert_all_finite(log_var, "log_var")]):
            return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
