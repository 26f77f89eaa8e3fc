# Normal noise made of two uniform numbers.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = tf.shape(mean)
        radius = tf.sqrt(-2 * tf.math.log(tf.random.uniform(size, 1e-30)))
        eps = radius * tf.cos(2 * np.pi * tf.random.uniform(size))
        return mean + tf.exp(log_var / 2) * eps
