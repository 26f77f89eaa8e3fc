# Puts the shape together axis by axis; codes have no axis between the batch and the latents.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        sizes = tf.unstack(tf.shape(mean))
        between = [1] * (len(sizes) - 2)
        eps = tf.random.normal(tf.stack([sizes[0], *between, sizes[-1]]))
        return mean + tf.exp(log_var / 2) * eps
