# Scales first, adds afterwards, step by step.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = tf.random.normal(tf.shape(mean))
        z = keras.ops.multiply(z, keras.ops.exp(keras.ops.divide(log_var, 2.0)))
        z = keras.ops.add(z, mean)
        return z
