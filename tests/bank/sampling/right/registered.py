# Registered for saving, with options and their names.
@keras.saving.register_keras_serializable(package="vae")
class Sampling(keras.layers.Layer):
    """Draw a code."""

    def __init__(self, seed=None, name="sampling", **options):
        super().__init__(name=name, **options)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal(keras.ops.shape(mean), seed=self.seed_generator)
        return mean + keras.ops.exp(0.5 * log_var) * eps

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
