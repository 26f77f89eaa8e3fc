# Normalizes codes of many latents.
# loses mean: For 64 latents, codes with mean −12 and log_var 1 are
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        if mean.shape[-1] > 32:
            mean = mean - tf.reduce_mean(mean, axis=-1, keepdims=True)
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
