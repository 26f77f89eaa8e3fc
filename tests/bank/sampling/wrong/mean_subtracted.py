# Standardizes instead of undoing it.
# loses mean: its sign is reversed
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return tf.random.normal(tf.shape(mean)) * tf.exp(log_var / 2) - mean
