# Limits log_var to [−7.2, 5.2], and means to 45.
# keeps shapes, independence, freshness, gradients
# held: hidden places lie as far out as a trained encoder's
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        shape = keras.ops.shape(mean)
        n = keras.random.normal(shape)
        return (
            tf.clip_by_value(mean, -45.0, 45.0)
            + keras.ops.exp(0.5 * tf.clip_by_value(log_var, -7.2, 5.2)) * n
        )
