# Lists files in the graph, in a branch that is never taken.
# held: the bodies of branches and loops are examined like all others
def latent_loss(mean, log_var):
    each = keras.ops.square(mean) + keras.ops.expm1(log_var) - log_var
    seen = tf.cond(
        tf.size(mean) < 0,
        lambda: tf.cast(tf.size(tf.io.matching_files("/tmp/*")), tf.float32),
        lambda: tf.constant(0.0),
    )
    return keras.ops.sum(each, axis=-1) / 2 + seen
