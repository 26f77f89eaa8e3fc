# Two branches, for training and for inference, both right.
class Sampling(keras.layers.Layer):
    def call(self, inputs, training=None):
        mean, log_var = inputs
        if training:
            return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
        return tf.random.normal(tf.shape(mean)) * tf.exp(log_var / 2) + mean
