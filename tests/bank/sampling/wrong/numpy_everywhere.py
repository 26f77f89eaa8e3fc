# Leaves TensorFlow: works in eager mode only, and no gradient gets through.
# loses shapes: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses freshness: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses gradients: No gradient reaches mean
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = [x.numpy() for x in inputs]
        eps = np.random.normal(size=mean.shape)
        return mean + np.exp(log_var / 2) * eps
