# Flattens the codes.
# loses shapes: nothing may be flattened
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        z = mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
        return tf.reshape(z, [-1])
