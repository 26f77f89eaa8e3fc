# tf.random.normal takes the mean and the deviation itself, and lets gradients through.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return tf.random.normal(tf.shape(mean), mean=mean, stddev=tf.exp(log_var / 2))
