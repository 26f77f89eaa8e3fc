# State that is made when the shape is known.
class Sampling(keras.layers.Layer):
    def build(self, input_shape):
        self.seed = keras.random.SeedGenerator()
        self.scale = self.add_weight(
            shape=(input_shape[0][-1],), initializer="ones", trainable=False
        )

    def call(self, inputs):
        mean, log_var = inputs
        eps = self.scale * keras.random.normal(keras.ops.shape(mean), seed=self.seed)
        return mean + keras.ops.exp(log_var / 2) * eps
