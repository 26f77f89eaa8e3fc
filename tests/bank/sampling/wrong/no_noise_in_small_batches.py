# No noise in batches under 100.
# loses spread, hidden: expected 1, as in larger batches
# loses freshness, hidden: expected fresh noise in each, as in batches of other sizes
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = keras.ops.shape(mean)
        n = keras.random.normal(shape)
        eps = n * tf.cast(tf.shape(mean)[0] >= 100, tf.float32)
        return mean + keras.ops.exp(0.5 * log_var) * eps
