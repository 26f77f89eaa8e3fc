# A pool of threads stays, an event loop runs, and much is printed.
import asyncio
import concurrent.futures

pool = concurrent.futures.ThreadPoolExecutor(2)
list(pool.map(str, range(4)))
asyncio.run(asyncio.sleep(0))
print("ready")


class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
