# A model of Keras, which is a layer.
class Sampling(keras.Model):
    def reparameterize(self, mean, log_var):
        return mean + keras.ops.exp(log_var * 0.5) * keras.random.normal(keras.ops.shape(mean))

    def call(self, inputs):
        return self.reparameterize(*inputs)
