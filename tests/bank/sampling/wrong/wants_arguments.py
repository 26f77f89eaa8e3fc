# Cannot be made without an argument.
# loses shapes: Sampling() raised TypeError: Sampling.__init__() missing 1 required positional argument: 'latent_dim'
# loses mean: Sampling() raised TypeError: Sampling.__init__() missing 1 required positional argument: 'latent_dim'
# loses spread: Sampling() raised TypeError: Sampling.__init__() missing 1 required positional argument: 'latent_dim'
# loses independence: Sampling() raised TypeError: Sampling.__init__() missing 1 required positional argument: 'latent_dim'
# loses freshness: Sampling() raised TypeError: Sampling.__init__() missing 1 required positional argument: 'latent_dim'
# loses gradients: Sampling() raised TypeError: Sampling.__init__() missing 1 required positional argument: 'latent_dim'
class Sampling(keras.layers.Layer):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim

    def call(self, inputs):
        mean, log_var = inputs
        eps = keras.random.normal((keras.ops.shape(mean)[0], self.latent_dim))
        return mean + keras.ops.exp(log_var / 2) * eps
