# Leaves TensorFlow with .numpy().
# loses value: has no attribute 'numpy'
# loses prior: has no attribute 'numpy'
# loses reduction: has no attribute 'numpy'
# loses gradients: has no attribute 'numpy'
# loses use: has no attribute 'numpy'
def latent_loss(mean, log_var):
    mean, log_var = mean.numpy(), log_var.numpy()
    return tf.constant(0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var, axis=-1))
