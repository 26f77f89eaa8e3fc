# A function of one example, vectorized by Keras.
def latent_loss(mean, log_var):
    def kl(example):
        m, v = example
        return keras.ops.sum(m * m + keras.ops.exp(v) - 1.0 - v) * 0.5

    return keras.ops.vectorized_map(kl, (mean, log_var))
