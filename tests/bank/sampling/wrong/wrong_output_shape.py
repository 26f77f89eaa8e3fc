# States the shapes of both inputs as that of the output.
# loses shapes: expected
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], 2 * input_shape[0][1])
