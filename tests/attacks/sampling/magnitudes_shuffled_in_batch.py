# Half of the batch has the sizes of the other half, shuffled, with signs of its own.
# keeps shapes, mean, spread, freshness, gradients
# held: the sizes of a code's noises are looked for in all other codes
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = keras.ops.shape(mean)
        n = keras.random.normal(shape)
        eps = tf.abs(n) * tf.where(tf.random.uniform(tf.shape(mean)) < 0.5, -1.0, 1.0)
        half = tf.shape(mean)[0] // 2
        eps = tf.concat(
            [
                eps[:half],
                tf.random.shuffle(tf.abs(eps[: tf.shape(mean)[0] - half]))
                * tf.where(tf.random.uniform(tf.shape(eps[half:])) < 0.5, -1.0, 1.0),
            ],
            0,
        )
        eps = tf.ensure_shape(eps, mean.shape)
        return mean + keras.ops.exp(0.5 * log_var) * eps
