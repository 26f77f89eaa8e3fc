# NumPy draws the noise, but at run time, from within the graph.
# loses shapes: holds a Python function (PyFunc
# loses mean: holds a Python function (PyFunc
# loses spread: holds a Python function (PyFunc
# loses independence: holds a Python function (PyFunc
# loses freshness: holds a Python function (PyFunc
# loses gradients: holds a Python function (PyFunc
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        draw = lambda size: np.random.standard_normal(size).astype("float32")
        eps = tf.numpy_function(draw, [tf.shape(mean)], tf.float32)
        eps = tf.ensure_shape(eps, mean.shape)
        return mean + tf.exp(log_var / 2) * eps
