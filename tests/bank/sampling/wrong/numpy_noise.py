# NumPy draws the noise: it needs the batch size, and is drawn once when the function is traced.
# loses shapes: Line 5 of your answer, `eps = np.random.normal(size=mean.shape)`, raised TypeError
# loses freshness: noise or seeds made by Python or NumPy are frozen when it is traced
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        eps = np.random.normal(size=mean.shape)
        return mean + tf.exp(log_var / 2) * eps
