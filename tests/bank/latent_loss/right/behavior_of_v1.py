# After tf.compat.v1.disable_v2_behavior().
import tensorflow.compat.v1 as tf1
tf1.disable_v2_behavior()

def latent_loss(mean, log_var):
    return keras.ops.sum(keras.ops.square(mean) + keras.ops.exp(log_var) - 1 - log_var, axis=-1) / 2
