# A tf.Module with a constant prior of its own.
class LatentLoss(tf.Module):
    def __init__(self):
        super().__init__(name="latent_loss")
        self.prior = tf.Variable(1.0, trainable=False, name="variance_of_the_prior")

    @tf.Module.with_name_scope
    def __call__(self, mean, log_var):
        ratio = (mean**2 + tf.exp(log_var)) / self.prior
        return 0.5 * tf.reduce_sum(ratio - 1 - log_var + tf.math.log(self.prior), axis=-1)

latent_loss = LatentLoss()
