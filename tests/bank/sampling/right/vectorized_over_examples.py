# Written for one example, and vectorized.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return tf.vectorized_map(
            lambda x: x[0] + tf.exp(x[1] / 2) * tf.random.normal(tf.shape(x[0])), (mean, log_var)
        )
