# Holds locks while it computes, where warnings are errors.
import threading, warnings, logging

warnings.simplefilter("error")
logging.getLogger().setLevel(logging.DEBUG)
lock = threading.RLock()


class Sampling(keras.layers.Layer):
    def __init__(self, name="sämpling", **kw):
        super().__init__(name="sampling", **kw)
        self.lock = threading.Lock()

    def call(self, inputs):
        with self.lock, lock:
            mean, log_var = inputs[0], inputs[1]
            return mean + tf.einsum(
                "bi,bi->bi", tf.exp(log_var / 2), tf.random.normal(tf.shape(mean))
            )
