# A product with the diagonal matrix of the deviations.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        scale = tf.linalg.LinearOperatorDiag(tf.exp(log_var / 2))
        return mean + scale.matvec(tf.random.normal(tf.shape(mean)))

    def compute_output_shape(self, input_shape):
        return input_shape[0]
