# `training` has no default.
# loses shapes: `call` cannot be used without `training`
# loses mean: `call` cannot be used without `training`
# loses spread: `call` cannot be used without `training`
# loses independence: `call` cannot be used without `training`
# loses freshness: `call` cannot be used without `training`
# loses gradients: `call` cannot be used without `training`
class Sampling(keras.layers.Layer):
    def call(self, inputs, training):
        mean, log_var = inputs
        eps = tf.random.normal(tf.shape(mean))
        return mean + keras.ops.exp(log_var/2)*eps
