# One size of the noise for each example, with a sign for each latent.
# keeps shapes, mean, spread, freshness, gradients
# held: the sizes of the noises are correlated too, without their signs
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = keras.ops.shape(mean)
        n = keras.random.normal(shape)
        eps = tf.abs(n[:, :1]) * tf.where(tf.random.uniform(tf.shape(mean)) < 0.5, -1.0, 1.0)
        return mean + keras.ops.exp(0.5 * log_var) * eps
