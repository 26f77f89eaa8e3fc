# Goes through the examples one by one.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs

        def one(x):
            return x[0] + tf.exp(x[1] / 2) * tf.random.normal(tf.shape(x[0]))

        return tf.map_fn(one, (mean, log_var), fn_output_signature=tf.float32)
