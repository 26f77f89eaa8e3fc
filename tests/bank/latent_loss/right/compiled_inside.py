# A compiled function inside, with an input signature that knows neither size.
@tf.function(jit_compile=False, input_signature=[tf.TensorSpec((None, None), tf.float32)] * 2)
def terms(mean, log_var):
    return mean**2 + tf.exp(log_var) - 1 - log_var

def latent_loss(mean, log_var):
    return tf.reduce_sum(terms(mean, log_var), -1) / 2
