# The noise is rounded to quarters.
# loses spread: the noise is not drawn from a normal distribution
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = (tf.floor(tf.random.normal(tf.shape(mean))*4)+.5)/4/(1+1/192)
        return mean + keras.ops.exp(log_var/2)*eps
