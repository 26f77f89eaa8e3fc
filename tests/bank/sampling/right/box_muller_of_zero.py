# Box-Muller without a guard against the logarithm of 0, which uniform numbers hit once in 10⁷.
import numpy as np
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        u1 = tf.random.uniform(tf.shape(mean))
        u2 = tf.random.uniform(tf.shape(mean))
        eps = tf.sqrt(-2*tf.math.log(u1))*tf.cos(2*np.pi*u2)
        return mean + tf.exp(log_var/2)*eps
