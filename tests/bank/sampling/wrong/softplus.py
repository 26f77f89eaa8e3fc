# Makes the scale positive with softplus.
# loses spread: you seem to use softplus(log_var), not exp(log_var / 2)
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.nn.softplus(log_var) * tf.random.normal(tf.shape(mean))
