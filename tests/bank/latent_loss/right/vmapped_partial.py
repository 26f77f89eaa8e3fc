# A method, wrapped by functools.partial, with a keyword of its own.
import functools

class Losses:
    def rate(self, mean, log_var, *, weight):
        terms = weight * (mean**2 + tf.exp(log_var) - tf.ones_like(mean) - log_var)
        return tf.squeeze(tf.matmul(terms, tf.ones((terms.shape[1], 1))), axis=1)

latent_loss = functools.partial(Losses().rate, weight=0.5)
