# Draws one of thirty seeds.
# loses freshness: of the layer in training gave the same numbers in 100%
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        seed = tf.stack([5, tf.random.uniform((), maxval=30, dtype=tf.int32)])
        eps = tf.random.stateless_normal(tf.shape(mean), seed)
        return mean + tf.exp(log_var / 2) * eps
