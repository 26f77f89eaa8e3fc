# Returns a dict.
# loses shapes: The layer returned a dict of length 1, expected one tensor of the shape of the mean
# loses mean: The layer returned a dict of length 1, expected one tensor of the shape of the mean
# loses spread: The layer returned a dict of length 1, expected one tensor of the shape of the mean
# loses independence: The layer returned a dict of length 1, expected one tensor of the shape of the mean
# loses freshness: The layer returned a dict of length 1, expected one tensor of the shape of the mean
# loses gradients: The layer returned a dict of length 1, expected one tensor of the shape of the mean
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return {"z": mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))}
