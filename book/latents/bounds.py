"""Rate, distortion and the bounds made of them, in nats, in float64, apart from any training loss.

Everything here is plain NumPy on the *outputs* of a model, so that a figure in the text never
depends on the code that trained the model.
"""

import numpy as np
from numpy.typing import ArrayLike

LOG_2PI = np.log(2 * np.pi)


def _f64(*arrays: ArrayLike) -> list[np.ndarray]:
    return [np.asarray(array, dtype=np.float64) for array in arrays]


def diagonal_gaussian_kl(mean: ArrayLike, log_var: ArrayLike) -> np.ndarray:
    """KL(N(mean, diag exp(log_var)) ‖ N(0, I)) of every latent, in nats.

    Parameters
    ----------
    mean, log_var : array_like, shape (batch, d)

    Returns
    -------
    numpy.ndarray, shape (batch, d)
        ½ (mean² + exp(log_var) − 1 − log_var); sum over the last axis for the KL of an example
        (Kingma & Welling 2014, appendix B).
    """
    mean, log_var = _f64(mean, log_var)
    return 0.5 * (mean**2 + np.expm1(log_var) - log_var)


def gaussian_kl(mean: ArrayLike, scale_tril: ArrayLike) -> np.ndarray:
    """KL(N(mean, LLᵀ) ‖ N(0, I)) of every example, in nats.

    Parameters
    ----------
    mean : array_like, shape (batch, d)
    scale_tril : array_like, shape (batch, d, d)
        Lower triangular L with a positive diagonal.

    Returns
    -------
    numpy.ndarray, shape (batch,)
        ½ (tr LLᵀ + meanᵀmean − d) − Σ log Lᵢᵢ.
    """
    mean, scale_tril = _f64(mean, scale_tril)
    trace = np.sum(scale_tril**2, axis=(-2, -1))
    log_diagonal = np.log(np.diagonal(scale_tril, axis1=-2, axis2=-1))
    return 0.5 * (trace + np.sum(mean**2, -1) - mean.shape[-1]) - np.sum(log_diagonal, -1)


def bernoulli_nll(x: ArrayLike, logits: ArrayLike) -> np.ndarray:
    """−log p(x | logits) summed over all pixels of an example, in nats.

    Parameters
    ----------
    x : array_like, shape (batch, ...)
        Bits, or brightness in [0, 1]: then it is the binary cross-entropy, which equals the
        expected −log p of bits drawn with that brightness.
    logits : array_like, same shape
        log p − log(1 − p).

    Returns
    -------
    numpy.ndarray, shape (batch,)
    """
    x, logits = _f64(x, logits)
    per_pixel = np.maximum(logits, 0) - logits * x + np.log1p(np.exp(-np.abs(logits)))
    return per_pixel.reshape(len(per_pixel), -1).sum(-1)


def probability_nll(x: ArrayLike, p: ArrayLike, floor: float = 1e-7) -> np.ndarray:
    """:func:`bernoulli_nll` from probabilities, kept inside [floor, 1 − floor] as Keras does."""
    x, p = _f64(x, p)
    inside: np.ndarray = np.clip(p, floor, 1 - floor)
    per_pixel = -(x * np.log(inside) + (1 - x) * np.log1p(-inside))
    return per_pixel.reshape(len(per_pixel), -1).sum(-1)


def entropy_floor(images: ArrayLike) -> float:
    """Mean entropy of the pixels of 8-bit images, in nats per image.

    No model can have a lower binary cross-entropy on these images, nor a lower expected −log p of
    their stochastic binarization (Gibbs' inequality).

    Parameters
    ----------
    images : array_like of uint8, shape (n, ...)
    """
    images = np.asarray(images)
    p = np.arange(1, 255) / 255.0
    entropy = np.zeros(256)
    entropy[1:255] = -(p * np.log(p) + (1 - p) * np.log1p(-p))
    counts = np.bincount(images.reshape(-1), minlength=256)
    return float(counts @ entropy / len(images))


def log_normal(z: ArrayLike, mean: ArrayLike, scale_tril: ArrayLike) -> np.ndarray:
    """Log density of N(mean, LLᵀ) at z, in nats.

    Parameters
    ----------
    z : array_like, shape (samples, batch, d)
    mean : array_like, shape (batch, d)
    scale_tril : array_like, shape (batch, d, d)

    Returns
    -------
    numpy.ndarray, shape (samples, batch)
    """
    z, mean, scale_tril = _f64(z, mean, scale_tril)
    whitened = np.einsum("bij,sbj->sbi", np.linalg.inv(scale_tril), z - mean)
    log_det = np.log(np.diagonal(scale_tril, axis1=-2, axis2=-1)).sum(-1)
    return -0.5 * (np.sum(whitened**2, -1) + z.shape[-1] * LOG_2PI) - log_det


def log_standard_normal(z: ArrayLike) -> np.ndarray:
    """Log density of N(0, I) at z, summed over the last axis, in nats."""
    (z,) = _f64(z)
    return -0.5 * (np.sum(z**2, -1) + z.shape[-1] * LOG_2PI)


def iwae(log_weights: ArrayLike) -> np.ndarray:
    """Importance-weighted bound on log p(x) (Burda et al. 2016), in nats.

    Parameters
    ----------
    log_weights : array_like, shape (samples, batch)
        log p(x|z) + log p(z) − log q(z|x) for samples z of q(z|x).

    Returns
    -------
    numpy.ndarray, shape (batch,)
        log of the mean weight. With one sample it is a one-sample ELBO.
    """
    (log_weights,) = _f64(log_weights)
    top = log_weights.max(0)
    return top + np.log(np.mean(np.exp(log_weights - top), axis=0))


def active_units(means: ArrayLike, threshold: float = 0.01) -> int:
    """Count the latents whose posterior mean varies over the data (Burda et al. 2016).

    Parameters
    ----------
    means : array_like, shape (n, d)
        Posterior mean of each example.
    threshold : float
        A latent is active when the variance of its mean exceeds this.
    """
    (means,) = _f64(means)
    return int(np.sum(means.var(axis=0) > threshold))
