# Stateless noise whose seed counts the calls.
class Sampling(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.calls = tf.Variable(0, trainable=False)

    def call(self, inputs):
        mean, log_var = inputs
        seed = tf.stack([self.calls.assign_add(1), 0])
        eps = tf.random.stateless_normal(tf.shape(mean), seed=seed)
        return mean + tf.exp(log_var / 2) * eps
