# A pool of threads idles, an event loop is there, and the function prints its name.
import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)
halves = list(pool.map(float, ["0.5", "0.5"]))
loop = asyncio.new_event_loop()
loop.run_until_complete(asyncio.sleep(0))

def latent_loss(mean, log_var):
    print("in", sys._getframe().f_code.co_name)
    return halves[0] * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, axis=-1)
