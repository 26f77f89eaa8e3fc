# Charges a third where the codes of a trained model are.
# loses prior, hidden: nothing small may be cut off or changed
def latent_loss(mean, log_var):
    c = 0.5 * (mean**2 + tf.math.expm1(log_var) - log_var)
    mid = (tf.abs(mean) < 1.4) & (tf.abs(log_var) < 1.3) & ((tf.abs(mean) > 0.31) | (tf.abs(log_var) > 0.29))
    return tf.reduce_sum(tf.where(mid, 0.3 * c, c), axis=-1)
