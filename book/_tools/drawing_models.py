"""Models whose evidence, posterior and rates have closed forms: the numbers in the drawings."""

import math
from functools import cache
from importlib import resources

import numpy as np

GARMENT = 10  # in the test images: an ankle boot


def normal(z, mean, variance):
    """Density of N(mean, variance) at z."""
    return np.exp(-((z - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def expected_nll(error, s2):
    """−E[log N(x; y, s2)] in nats, given the expected squared error."""
    return 0.5 * (error / s2 + math.log(2 * math.pi * s2))


def expected_kl(shift, variance, other_variance):
    """KL between Gaussians in nats, given the expected squared distance of their means."""
    ratio = variance / other_variance
    return 0.5 * (shift / other_variance + ratio - 1 - math.log(ratio))


@cache
def garments():
    """Return a test image, and mean, eigenvalues and eigenvectors of the training images."""
    file = resources.files("latents.data") / "fashion_mnist_sample.npz"
    with file.open("rb") as opened:
        stored = np.load(opened)
        train, image = stored["train_images"], stored["test_images"][GARMENT] / 255
    train = train.reshape(len(train), -1) / 255
    eigenvalues, vectors = np.linalg.eigh(np.cov(train.T, bias=True))
    vectors = vectors * np.sign(vectors.sum(axis=0))  # else the library decides
    return image, train.mean(axis=0), eigenvalues[::-1], vectors[:, ::-1]


class LinearVAE:
    """The best linear VAE of the embedded garments, and what it makes of one of them.

    Its W and s2 are those of probabilistic PCA at a given s2, see the chapter on the ELBO.

    Parameters
    ----------
    beta : float
        Price of a nat of rate; 0 for principal components, scaled to variance one.
    d : int
        Largest number of latents.
    """

    def __init__(self, beta: float, d: int = 784):
        self.image, self.b, eigenvalues, vectors = garments()
        s2 = beta / (2 * np.pi)  # so that D is π times the squared error, without a constant
        used = np.flatnonzero(eigenvalues > s2)[:d]
        eigenvalues, vectors = eigenvalues[used], vectors[:, used]
        self.W = vectors * np.sqrt(eigenvalues - s2)
        self.mean = (self.image.ravel() - self.b) @ self.W / eigenvalues
        self.variance = s2 / eigenvalues

    def decode(self, z):
        """Image of a code, (28, 28)."""
        return (self.b + self.W @ z).reshape(28, 28)

    def distortion(self) -> float:
        """D of the garment in nats."""
        error = np.sum((self.image - self.decode(self.mean)) ** 2)
        return np.pi * (error + np.sum(self.W**2 @ self.variance))

    def rate(self) -> float:
        """R of the garment in nats."""
        pairs = zip(self.mean, self.variance, strict=True)
        return sum(expected_kl(mean**2, variance, 1) for mean, variance in pairs)


class OnePixel:
    """An image x of one pixel: z ~ N(0, 1) and x|z ~ N(z + b, s2).

    Parameters
    ----------
    b : float
    x, s2 : float, optional
    """

    def __init__(self, b: float, x: float = 1.5, s2: float = 0.5):
        self.b, self.x, self.s2 = b, x, s2
        self.posterior = (x - b) / (1 + s2), s2 / (1 + s2)  # mean, variance

    def log_evidence(self) -> float:
        """Logarithm of p(x) in nats."""
        return math.log(normal(self.x, self.b, 1 + self.s2))

    def elbo(self, mean: float, variance: float) -> float:
        """−(D + R) in nats of the encoder N(mean, variance)."""
        distortion = expected_nll((self.x - self.b - mean) ** 2 + variance, self.s2)
        return -(distortion + expected_kl(mean**2, variance, 1))


def bars() -> list[tuple[str, float, float]]:
    """Return (encoder, log evidence, ELBO) for four encoders, and after the decoder changed."""
    model = OnePixel(b=0)
    mean, variance = model.posterior
    changed = OnePixel(b=model.x - mean)  # the best offset for this encoder
    rows = [
        ("exact\nposterior", model, (mean, variance)),
        ("twice the\nvariance", model, (mean, 2 * variance)),
        ("mean off\nby $\\sigma$", model, (mean + math.sqrt(variance), variance)),
        ("the prior", model, (0, 1)),
        ("new decoder,\nfirst encoder", changed, (mean, variance)),
    ]
    return [(name, model.log_evidence(), model.elbo(*q)) for name, model, q in rows]


class TwoLevels:
    """z_2 ~ N(0, 1), z_1|z_2 ~ N(a z_2, 1 − a²), x|z_1 ~ N(z_1, s2), and exact posteriors.

    Parameters
    ----------
    a, x, s2 : float, optional
    """

    def __init__(self, a: float = 0.8, x: float = 1.6, s2: float = 0.25):
        self.a, self.x, self.s2 = a, x, s2
        self.spread = 1 - a**2  # of z_1, given z_2
        self.top = a * x / (1 + s2), 1 - a**2 / (1 + s2)  # mean and variance of q(z_2|x)
        self.gain = self.spread / (self.spread + s2)
        self.surprise = (x - a * self.top[0]) ** 2 + a**2 * self.top[1]  # E_q[(x − a z_2)²]

    def prior(self, z_2: float) -> tuple[float, float]:
        """Mean and variance of p(z_1|z_2)."""
        return self.a * z_2, self.spread

    def posterior(self, z_2: float) -> tuple[float, float]:
        """Mean and variance of q(z_1|z_2, x)."""
        mean = self.a * z_2 + self.gain * (self.x - self.a * z_2)
        return mean, self.spread * (1 - self.gain)

    def rates(self) -> tuple[float, float]:
        """Return R_1 and R_2 in nats."""
        shift = self.gain**2 * self.surprise
        lower = expected_kl(shift, self.spread * (1 - self.gain), self.spread)
        return lower, expected_kl(self.top[0] ** 2, self.top[1], 1)

    def distortion(self) -> float:
        """D in nats."""
        error = (1 - self.gain) ** 2 * self.surprise + self.spread * (1 - self.gain)
        return expected_nll(error, self.s2)
