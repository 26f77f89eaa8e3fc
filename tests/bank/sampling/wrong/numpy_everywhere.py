# Leaves TensorFlow: works in eager mode only, so there is no graph.
# loses shapes: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses mean: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses spread: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses independence: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses freshness: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
# loses gradients: of your answer, `mean, log_var = [x.numpy() for x in inputs]`, raised
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = [x.numpy() for x in inputs]
        eps = np.random.normal(size=mean.shape)
        return mean + np.exp(log_var / 2) * eps
