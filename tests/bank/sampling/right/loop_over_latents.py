# Every latent is drawn on its own.
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        size = tf.shape(mean)[0]
        columns = []
        for m, v in zip(tf.unstack(mean, axis=1), tf.unstack(log_var, axis=1)):
            columns.append(m + tf.exp(v / 2) * tf.random.normal([size]))
        return tf.stack(columns, axis=1)
