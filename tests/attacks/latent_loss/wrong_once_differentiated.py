# Its gradient is wrong and changes what follows.
# keeps value, prior, reduction, use
# held: gradients are compared by value, and the values again after them
SPOILT = tf.Variable(0.0)


@tf.custom_gradient
def latent_loss(mean, log_var):
    each = tf.square(mean) + tf.math.expm1(log_var) - log_var

    def gradient(up, variables=None):
        SPOILT.assign(1.0)
        zero = tf.zeros_like(mean)
        return (zero, zero), [None] * len(variables or ())

    return tf.reduce_sum(each, axis=-1) / 2, gradient
