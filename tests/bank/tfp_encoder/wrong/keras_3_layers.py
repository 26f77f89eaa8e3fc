# Takes the layers of Keras 3.
# loses architecture: Only instances of `keras.Layer` can be added to a Sequential model
# loses distribution: Only instances of `keras.Layer` can be added to a Sequential model
# loses centring: Only instances of `keras.Layer` can be added to a Sequential model
# loses kl: Only instances of `keras.Layer` can be added to a Sequential model
def make_prior(encoded_size):
    return tfd.MultivariateNormalDiag(loc=tf.zeros(encoded_size))


import keras


def make_encoder(input_shape, encoded_size, base_depth, prior):
    return keras.Sequential([
        keras.layers.InputLayer(shape=input_shape),
        keras.layers.Lambda(lambda x: tf.cast(x, tf.float32) - 0.5),
        keras.layers.Conv2D(base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        keras.layers.Conv2D(base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        keras.layers.Conv2D(2 * base_depth, 5, 1, padding="same", activation=tf.nn.leaky_relu),
        keras.layers.Conv2D(2 * base_depth, 5, 2, padding="same", activation=tf.nn.leaky_relu),
        keras.layers.Conv2D(4 * encoded_size, 7, 1, padding="valid", activation=tf.nn.leaky_relu),
        keras.layers.Flatten(),
        keras.layers.Dense(tfpl.MultivariateNormalTriL.params_size(encoded_size)),
        tfpl.MultivariateNormalTriL(
            encoded_size,
            activity_regularizer=tfpl.KLDivergenceRegularizer(prior, weight=0.5),
        ),
    ])
