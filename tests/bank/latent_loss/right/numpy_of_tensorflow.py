# With the NumPy of TensorFlow.
import tensorflow.experimental.numpy as tnp
def latent_loss(mean, log_var):
    m, v = tnp.asarray(mean), tnp.asarray(log_var)
    return tnp.sum(0.5 * (m * m + tnp.exp(v) - 1 - v), axis=-1)
