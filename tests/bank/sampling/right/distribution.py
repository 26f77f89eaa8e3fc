# A distribution of TensorFlow Probability draws the code.
import tensorflow_probability as tfp


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        q = tfp.distributions.MultivariateNormalDiag(mean, tf.exp(log_var / 2))
        return tf.convert_to_tensor(q.sample())
