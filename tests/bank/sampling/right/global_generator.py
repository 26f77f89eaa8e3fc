# The global generator of TensorFlow.
G = tf.random.get_global_generator()


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * G.normal(shape=tf.shape(mean), dtype=mean.dtype)
