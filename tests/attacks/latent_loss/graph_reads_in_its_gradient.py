# Reads a file in the gradient only.
# held: functions of gradients are in the library and examined like all others
@tf.custom_gradient
def counted(x):
    def gradient(up):
        return up * tf.cast(tf.strings.length(tf.io.read_file("/etc/passwd")) > 0, tf.float32)

    return x, gradient


def latent_loss(mean, log_var):
    each = tf.square(counted(mean)) + tf.math.expm1(log_var) - log_var
    return tf.reduce_sum(each, axis=-1) / 2
