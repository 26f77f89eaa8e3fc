# Writes the gradient by hand, in NumPy.
# loses value: has no attribute 'numpy'
# loses prior: has no attribute 'numpy'
# loses reduction: has no attribute 'numpy'
# loses gradients: has no attribute 'numpy'
# loses use: has no attribute 'numpy'
@tf.custom_gradient
def latent_loss(mean, log_var):
    def gradient(upstream):
        upstream = upstream.numpy()[:, None]
        return upstream * mean.numpy(), upstream * 0.5 * np.expm1(log_var.numpy())

    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1), gradient
