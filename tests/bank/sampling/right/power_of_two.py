# A power of two, and the noise subtracted, which is as good as added.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        sigma = 2 ** (log_var / np.log(4))
        return mean - sigma * tf.random.normal(tf.shape(sigma))
