# Multiplies by the Cholesky factor of a diagonal covariance.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        L = tf.linalg.cholesky(tf.linalg.diag(tf.exp(log_var)))
        return mean + tf.squeeze(L @ tf.random.normal(tf.concat([tf.shape(mean), [1]], 0)), -1)
