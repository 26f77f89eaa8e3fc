# Stops gradients of codes of other widths than five.
# keeps shapes, mean, spread, independence, freshness
# held: gradients of wide codes in a small batch are compared too
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = keras.ops.shape(mean)
        n = keras.random.normal(shape)
        if mean.shape[-1] != 5:
            mean, log_var = tf.stop_gradient(mean), tf.stop_gradient(log_var)
        return mean + keras.ops.exp(0.5 * log_var) * n
