# Returns a distribution, not a draw.
# loses shapes: expected one tensor of the shape of the mean
# loses mean: expected one tensor of the shape of the mean
# loses spread: expected one tensor of the shape of the mean
# loses independence: expected one tensor of the shape of the mean
# loses freshness: expected one tensor of the shape of the mean
# loses gradients: expected one tensor of the shape of the mean
import tensorflow_probability as tfp


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return tfp.distributions.Normal(mean, tf.exp(log_var / 2))
