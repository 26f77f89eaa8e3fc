# A module of TensorFlow holds the generator.
class Noise(tf.Module):
    def __init__(self):
        super().__init__(name="noise")
        self.generator = tf.random.Generator.from_non_deterministic_state()

    @tf.Module.with_name_scope
    def __call__(self, like):
        return self.generator.normal(tf.shape(like), dtype=like.dtype)


class Sampling(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.noise = Noise()

    def call(self, inputs):
        with tf.name_scope("reparameterization"):
            mean, log_var = inputs
            return mean + tf.exp(log_var / 2) * self.noise(mean)
