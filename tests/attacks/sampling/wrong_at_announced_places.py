# Wrong at the announced log-variances only.
# keeps shapes, mean, independence, freshness, gradients
# held: hidden places are the announced ones and others
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        n = keras.random.normal(keras.ops.shape(mean))
        log_var = tf.where(
            ((log_var > 1.7) & (log_var < 2.4)) | ((log_var > -2.5) & (log_var < -1.1)),
            0.0,
            log_var,
        )
        return mean + tf.exp(log_var / 2) * n
