"""The right encoder, in NumPy and double precision: the stack, the Gaussian, the KL."""

from collections.abc import Callable, Sequence

import numpy as np

SLOPE = 0.2  # of tf.nn.leaky_relu
STRIDES = (1, 2, 1, 2, 1)

ACTIVATIONS: dict[str, Callable] = {
    "leaky": lambda x: np.where(x > 0, x, SLOPE * x),
    "leaky 0.3": lambda x: np.where(x > 0, x, 0.3 * x),
    "leaky 0.01": lambda x: np.where(x > 0, x, 0.01 * x),
    "relu": lambda x: np.maximum(x, 0),
    "none": lambda x: x,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(x, 0),
}


def kernel_shapes(channels: int, encoded_size: int, base_depth: int) -> list[tuple[int, ...]]:
    """Return the shapes of the five kernels of the stack."""
    return [
        (5, 5, channels, base_depth),
        (5, 5, base_depth, base_depth),
        (5, 5, base_depth, 2 * base_depth),
        (5, 5, 2 * base_depth, 2 * base_depth),
        (7, 7, 2 * base_depth, 4 * encoded_size),
    ]


def convolve(x: np.ndarray, kernel: np.ndarray, stride: int, padding: str) -> np.ndarray:
    """Convolve images (batch, height, width, channels) as TensorFlow does."""
    size = kernel.shape[0]
    if padding == "same":
        total = max((-(-x.shape[1] // stride) - 1) * stride + size - x.shape[1], 0)
        sides = (total // 2, total - total // 2)
        x = np.pad(x, ((0, 0), sides, sides, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]  # (batch, height, width, channels, size, size)
    return np.einsum("bhwckl,klcf->bhwf", windows, kernel, optimize=True)


def stack_mean(
    x: np.ndarray,
    kernels: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[str] = ("leaky",) * 5,
    strides: Sequence[int] = STRIDES,
    last: str = "none",
) -> np.ndarray:
    """Return the posterior means of the stack for centred images: (2, batch).

    The second ones are those for the same weights with the other sign in the last layer.
    """
    for i, stride in enumerate(strides):
        padding = "valid" if i == len(strides) - 1 else "same"
        x = convolve(x, kernels[i], stride, padding) + biases[i]
        x = ACTIVATIONS[activations[i]](x)
    mean = (x.reshape(len(x), -1) @ kernels[-1] + biases[-1])[:, 0]
    return ACTIVATIONS[last](np.stack([mean, -mean]))


def log_normal(z: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return log N(z; mean, scale scaleᵀ) in nats: (batch,)."""
    white = np.linalg.solve(scale, (z - mean)[..., None])[..., 0]
    log_det = np.linalg.slogdet(scale)[1]
    return -0.5 * (white**2 + np.log(2 * np.pi)).sum(-1) - log_det


def gaussian_kl(mean, scale, loc, root) -> np.ndarray:
    """Return KL(N(mean, scale scaleᵀ) ‖ N(loc, root rootᵀ)) in nats: (batch,)."""
    away, spread = _relative(mean, scale, loc, root)
    terms = (spread**2).sum((-2, -1)) + (away**2).sum(-1) - mean.shape[-1]
    return 0.5 * terms - np.linalg.slogdet(spread)[1]


def gaussian_kl_gradient(mean, scale, loc, root) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of ``gaussian_kl`` by mean (batch, d) and scale (batch, d, d).

    They are nan where the scale has no inverse, and no divergence is finite.
    """
    precision = np.linalg.inv(root @ np.swapaxes(root, -2, -1))
    by_mean = ((mean - loc)[..., None, :] @ precision)[..., 0, :]
    with np.errstate(all="ignore"):
        regular = np.isfinite(np.linalg.slogdet(scale)[1])[..., None, None]
    inverse = np.linalg.inv(np.where(regular, scale, np.eye(scale.shape[-1])))
    by_scale = precision @ scale - np.swapaxes(inverse, -2, -1)
    return by_mean, np.where(regular, by_scale, np.nan)


def sampled_kl_std(mean, scale, loc, root) -> np.ndarray:
    """Return the standard deviation of log q(z) − log p(z) over z ~ q: (batch,).

    With z = mean + scale eps this is a quadratic form in eps plus a linear one.
    """
    away, spread = _relative(mean, scale, loc, root)
    quadratic = np.swapaxes(spread, -2, -1) @ spread - np.eye(mean.shape[-1])
    linear = np.einsum("...ij,...i->...j", spread, away)
    return np.sqrt(0.5 * (quadratic**2).sum((-2, -1)) + (linear**2).sum(-1))


def _relative(mean, scale, loc, root) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and scale of a Gaussian in coordinates in which another one is standard."""
    away = np.linalg.solve(root, (mean - loc)[..., None])[..., 0]
    return away, np.linalg.solve(root, scale)
