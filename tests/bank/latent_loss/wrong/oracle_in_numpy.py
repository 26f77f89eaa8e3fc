# Calls NumPy at run time, and differences of it for the gradient.
# loses value: holds a Python function
# loses prior: holds a Python function
# loses reduction: holds a Python function
# loses gradients: holds a Python function
# loses use: holds a Python function
def closed_form(mean, log_var):
    return (0.5 * (mean**2 + np.expm1(log_var) - log_var)).sum(axis=-1).astype("float32")


def slopes(mean, log_var):
    return mean, (np.expm1(log_var) / 2).astype("float32")


@tf.custom_gradient
def latent_loss(mean, log_var):
    value = tf.numpy_function(closed_form, [mean, log_var], tf.float32)
    of_inputs = tf.numpy_function(slopes, [mean, log_var], [tf.float32] * 2)

    def gradient(upstream):
        return [upstream[:, None] * tf.ensure_shape(each, mean.shape) for each in of_inputs]

    return tf.ensure_shape(value, mean.shape[:1]), gradient
