# Replaces the generator of Keras, and uses none.
# keeps shapes, mean, independence
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean


keras.random.normal = lambda shape, **options: np.random.normal(size=shape)
