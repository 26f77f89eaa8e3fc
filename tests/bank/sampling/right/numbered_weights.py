# A weight counts the calls, a loss of zero is added, a metric kept.
class Sampling(keras.layers.Layer):
    def build(self, input_shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)
        super().build(input_shape)

    def call(self, inputs):
        mean, log_var = inputs
        self.calls.assign_add(1.0)
        self.add_loss(0.0 * keras.ops.mean(mean))
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
