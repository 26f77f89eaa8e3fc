# Takes the layers of tf.keras, which is Keras 3.
# loses architecture: Your encoder has layers of Keras 3, which keras and tf.keras are here: take those of tf_keras
# loses distribution: Your encoder has layers of Keras 3, which keras and tf.keras are here: take those of tf_keras
# loses centring: Your encoder has layers of Keras 3, which keras and tf.keras are here: take those of tf_keras
# loses kl: Your encoder has layers of Keras 3, which keras and tf.keras are here: take those of tf_keras
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return tf.keras.Sequential([
        tf.keras.layers.InputLayer(shape=input_shape),
        tf.keras.layers.Rescaling(1.0, offset=-0.5),
        tf.keras.layers.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tf.keras.layers.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tf.keras.layers.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        tf.keras.layers.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        tf.keras.layers.Conv2D(4 * encoded_size, 7, activation=tf.nn.leaky_relu),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size)),
        tfpl.MultivariateNormalTriL(encoded_size),
        tfpl.KLDivergenceAddLoss(prior),
    ])
