# A weight counts the calls; it is the seed of stateless noise.
class Sampling(keras.layers.Layer):
    def build(self, input_shape):
        self.calls = self.add_weight(
            name="calls", shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    def call(self, inputs):
        mean, log_var = inputs
        self.calls.assign(self.calls + 1)
        eps = tf.random.stateless_normal(tf.shape(mean), seed=[self.calls.value, 42])
        return tf.math.add(x=mean, y=tf.math.multiply(x=tf.exp(log_var / 2.0), y=eps))
