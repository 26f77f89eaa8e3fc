# A layer of Keras 2.
# loses shapes: Sampling is a layer of tf_keras, expected one of Keras 3
# loses mean: Sampling is a layer of tf_keras, expected one of Keras 3
# loses spread: Sampling is a layer of tf_keras, expected one of Keras 3
# loses independence: Sampling is a layer of tf_keras, expected one of Keras 3
# loses freshness: Sampling is a layer of tf_keras, expected one of Keras 3
# loses gradients: Sampling is a layer of tf_keras, expected one of Keras 3
import tf_keras


class Sampling(tf_keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))
