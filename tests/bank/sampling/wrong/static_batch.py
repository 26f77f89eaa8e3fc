# Takes the batch size from the static shape.
# loses shapes: Line 5 of your answer, `eps = tf.random.normal(mean.shape)`, raised
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = tf.random.normal(mean.shape)
        return mean + tf.exp(log_var / 2) * eps
