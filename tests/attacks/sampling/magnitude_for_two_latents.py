# Two latents share the size of their noise, with signs of their own.
# keeps shapes, mean, spread, freshness, gradients
# held: the sizes of the noises are correlated too, without their signs
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        n = keras.random.normal(keras.ops.shape(mean))
        s = tf.where(tf.random.uniform(tf.shape(mean)[:1]) < 0.5, -1.0, 1.0)
        n = tf.concat([n[:, :1], n[:, :1] * s[:, None], n[:, 2:]], -1)
        return mean + tf.exp(log_var / 2) * tf.ensure_shape(n, mean.shape)
