# The first latent gets no gradient.
# loses gradients: The gradient with respect to mean is 0 in 20% of the elements
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        center = tf.concat([tf.stop_gradient(mean[:, :1]), mean[:, 1:]], axis=1)
        return center + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
