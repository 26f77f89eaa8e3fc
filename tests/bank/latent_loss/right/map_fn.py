# One example after the other, with tf.map_fn.
def one_example(inputs):
    mean, log_var = inputs
    return tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1) / 2

def latent_loss(mean, log_var):
    return tf.map_fn(one_example, (mean, log_var), fn_output_signature=tf.float32)
