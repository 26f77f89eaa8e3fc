# Mixes the noise of each call with that of the call before.
# keeps shapes, mean, spread, independence, gradients
# held: the noises of calls are correlated with each other
class Sampling(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.count = tf.Variable(0, dtype=tf.int32, trainable=False)

    def call(self, inputs):
        mean, log_var = inputs
        count = self.count.assign_add(1)
        now = tf.random.stateless_normal(tf.shape(mean), tf.stack([count, 7]))
        before = tf.random.stateless_normal(tf.shape(mean), tf.stack([count - 1, 7]))
        return mean + tf.exp(0.5 * log_var) * (0.6 * now + 0.8 * before)
