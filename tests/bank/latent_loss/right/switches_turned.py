# With switches of TensorFlow and Keras turned that the loss does not depend on.
keras.mixed_precision.set_global_policy("mixed_bfloat16")
tf.debugging.enable_check_numerics()
tf.config.run_functions_eagerly(True)

def latent_loss(mean, log_var):
    return keras.ops.sum(keras.ops.square(mean) + keras.ops.exp(log_var) - 1 - log_var, axis=-1) / 2
