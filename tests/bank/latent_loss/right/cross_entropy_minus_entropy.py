# Cross-entropy to the prior minus entropy; the constants cancel.
def latent_loss(mean, log_var):
    log_2pi = np.log(2 * np.pi).astype("float32")
    cross_entropy = 0.5 * (log_2pi + mean**2 + tf.exp(log_var))
    entropy = 0.5 * (log_2pi + 1 + log_var)
    return tf.reduce_sum(cross_entropy - entropy, axis=-1)
