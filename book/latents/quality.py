"""How like two pictures are: PSNR and SSIM."""

import numpy as np


def psnr_db(x, y) -> np.ndarray:
    """Peak signal-to-noise ratio of every pair, in decibels, for brightness in [0, 1].

    Parameters
    ----------
    x, y : array_like, shape (batch, height, width, channels)

    Returns
    -------
    numpy.ndarray, shape (batch,)
        −10 log₁₀ of the mean squared error of the pair; infinite for equal pictures.
    """
    error = (np.asarray(x, np.float64) - np.asarray(y, np.float64)) ** 2
    with np.errstate(divide="ignore"):
        return -10 * np.log10(error.reshape(len(error), -1).mean(-1))


def ssim(x, y) -> np.ndarray:
    """Structural similarity of every pair (Wang et al. 2004): (batch,), 1 for equal pictures."""
    import tensorflow as tf

    pair = (tf.convert_to_tensor(image, tf.float32) for image in (x, y))
    return tf.image.ssim(*pair, max_val=1.0).numpy()
