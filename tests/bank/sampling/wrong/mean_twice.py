# tf.random.normal has added the mean already.
# loses mean: the mean arrives multiplied by 2
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.random.normal(tf.shape(mean), mean, tf.exp(log_var / 2))
