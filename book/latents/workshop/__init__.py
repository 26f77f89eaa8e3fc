"""What the notebooks of the exercises do with a student's answer: draw it, train with it.

Nothing here is scored. While a notebook is graded or validated, every function only says that it is
left out. An answer that still is the stub is no error, but a thing to come; and what is wrong with
another one is said in a sentence, so that the cells below, which check it, run all the same.
"""

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from latents import LatentsError
from latents.workshop.errors import explain

if TYPE_CHECKING:
    from latents.workshop.models import Trained

CODES = 10_000
GARMENTS = 12
DENSE_EPOCHS, TFP_EPOCHS = 12, 4  # measured: under a minute on two cores that others use as well


def _unless_graded(function: Callable) -> Callable:
    @functools.wraps(function)
    def guarded(*arguments: Any, **options: Any):
        if os.environ.get("NBGRADER_EXECUTION"):
            print("Left out while the notebook is checked.")
            return None
        return function(*arguments, **options)

    return guarded


def _attempt(what: str, then: str, call: Callable, *arguments: Any) -> Any:
    """Return what ``call`` gives; or None, and say why, if the answer does not work yet."""
    try:
        return call(*arguments)
    except LatentsError as error:
        problem = str(error)
    except Exception as error:
        problem = explain(error).get("problem", f"{what}: not attempted yet.")
    print(f"{problem} {then}")
    return None


def _show(name: str, draw: Callable, *arguments: Any) -> None:
    from latents import plots

    plots.show(draw(*arguments), name)


# Pictures


@_unless_graded
def show_codes(sampling: Callable, mean: float, variance: float) -> None:
    """Draw the density that codes should follow, and a histogram of those of the student's layer.

    Parameters
    ----------
    sampling : type
        Class of the student's layer.
    mean, variance : float
        Of the Gaussian that the codes should follow.

    Raises
    ------
    LatentsError
        The variance is not positive.
    """
    from latents.workshop import pictures

    if variance <= 0:
        raise LatentsError(f"The variance has to be positive, not {variance:g}.")
    then = "Once it works, its codes appear as bars below the curve."
    codes = _attempt("Sampling", then, _codes, sampling, mean, variance)
    if codes is not None:
        print(f"mean: {codes.mean():.3f}, expected {mean:g}")
        print(f"standard deviation: {codes.std():.3f}, expected {variance**0.5:g}")
    _show("exercise-codes", pictures.codes_below_curve, codes, mean, variance)


def _codes(sampling: Callable, mean: float, variance: float) -> np.ndarray:
    import tensorflow as tf

    _refuse_an_object(sampling)
    places = tf.fill((CODES, 1), float(mean)), tf.fill((CODES, 1), float(np.log(variance)))
    codes = _values("Sampling", sampling()(list(places))).ravel()
    if not np.all(np.isfinite(codes)):
        raise LatentsError("The codes are not finite numbers, so they cannot be drawn.")
    return codes


@_unless_graded
def show_latent_loss(latent_loss: Callable) -> None:
    """Draw what one latent should cost, over its mean and over its log-variance.

    Parameters
    ----------
    latent_loss : callable
        The student's function; its values are drawn as points.
    """
    from latents.workshop import pictures

    steps = np.linspace(-3, 3, 15)
    rest = np.zeros_like(steps)
    panels = {"mean": np.stack([steps, rest]), "log_var": np.stack([rest, steps])}
    then = "Once it works, its values appear as points on the curves."
    losses = _attempt("latent_loss", then, _losses, latent_loss, panels)
    losses = losses or {}
    if lost := sum(np.sum(~np.isfinite(values)) for values in losses.values()):
        print(f"{lost} of {2 * len(steps)} values are not finite numbers and have no point.")
    _show("exercise-latent-loss", pictures.losses_on_curves, panels, losses)


def _losses(latent_loss: Callable, panels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the student's loss of one latent at means and log-variances (2, n), by panel."""
    import tensorflow as tf

    losses = {}
    for name, places in panels.items():
        mean, log_var = tf.unstack(tf.constant(places[..., None], tf.float32))  # (n, 1) each
        losses[name] = _values("latent_loss", latent_loss(mean, log_var))
        if losses[name].shape != (len(mean),):
            raise LatentsError(
                f"For mean and log_var of shape {tuple(mean.shape)} latent_loss returned shape "
                f"{losses[name].shape}, expected ({len(mean)},): one number for each example."
            )
    return losses


@_unless_graded
def show_posterior(make_prior: Callable, make_encoder: Callable) -> None:
    """Draw the covariance that the student's untrained encoder gives to one garment.

    Parameters
    ----------
    make_prior, make_encoder : callable
        The student's functions.
    """
    from latents.workshop import pictures

    then = "Once it works, the covariance of your code appears beside the example."
    built = _attempt("make_prior and make_encoder", then, _posterior, make_prior, make_encoder)
    shown = {"an example": pictures.example_covariance()}
    if built is not None:
        weights, matrix = built
        shown["your encoder, untrained"] = matrix
        print(f"Your encoder has {weights:,} weights.")
        print(f"Off its diagonal the covariance reaches {pictures.off_diagonal(matrix):.3g}.")
    _show("exercise-posterior", pictures.covariances, shown)


def _posterior(make_prior: Callable, make_encoder: Callable) -> tuple[int, np.ndarray]:
    """Return the number of weights, and the covariance of one code: (16, 16)."""
    from latents.workshop import models

    _, encoder = models.build_encoder(make_prior, make_encoder, size=16, filters=32)
    q = models.posterior(encoder, models.test_bits(1))
    return encoder.count_params(), models.covariance(q)[0]


@_unless_graded
def show_garments(vae: "Trained | None") -> None:
    """Draw garments that a trained model makes of random codes.

    Parameters
    ----------
    vae : Trained or None
        What ``train_vae`` or ``train_tfp_vae`` returned.
    """
    from latents import plots

    if vae is None:
        print("Garments: there is no trained model yet to draw them.")
        return
    garments = vae.decoder(np.asarray(vae.draw_codes(GARMENTS), dtype=np.float32))
    _show("exercise-garments", functools.partial(plots.image_grid, columns=6), garments)


# Models


@_unless_graded
def train_vae(
    sampling: Callable | None = None,
    latent_loss: Callable | None = None,
    *,
    epochs: int = DENSE_EPOCHS,
    images: int | None = None,
) -> "Trained | None":
    """Train the dense VAE of the book with the student's parts in it, and print what came of it.

    Parameters
    ----------
    sampling : type, optional
        Class of the student's layer.
    latent_loss : callable, optional
        The student's function. The part that is not given is borrowed.
    epochs : int
        Passes over the training images.
    images : int, optional
        How many images of each split are used; by default all.

    Returns
    -------
    Trained or None
        None if the answer is not attempted yet, or does not work; what is printed says why.

    Raises
    ------
    LatentsError
        Neither part is given.
    """
    from latents.workshop import models

    given = {"Sampling": sampling, "latent_loss": latent_loss}
    name = " and ".join(part for part, answer in given.items() if answer is not None)
    if not name:
        raise LatentsError(
            "train_vae needs a part of yours: sampling=Sampling or latent_loss=latent_loss."
        )

    def train():
        _refuse_an_object(sampling)
        return models.train_dense(sampling, latent_loss, epochs, images)

    vae = _attempt(name, "Nothing was trained.", train)
    if vae is not None and sampling is None:
        print("The sampling layer was borrowed from TensorFlow Probability: tfd.Normal.sample.")
    if vae is not None and latent_loss is None:
        print("The latent loss was borrowed from TensorFlow Probability: tfd.kl_divergence.")
    return _report(vae)


@_unless_graded
def train_tfp_vae(
    make_prior: Callable,
    make_encoder: Callable,
    *,
    epochs: int = TFP_EPOCHS,
    images: int | None = None,
) -> "Trained | None":
    """Train a VAE made of distributions with the student's prior and encoder; print the results.

    Parameters and result are those of ``show_posterior`` and ``train_vae``.
    """
    from latents.workshop import models

    name, arguments = "make_prior and make_encoder", (make_prior, make_encoder, epochs, images)
    return _report(_attempt(name, "Nothing was trained.", models.train_bernoulli, *arguments))


def _report(vae: "Trained | None") -> "Trained | None":
    if vae is None:
        return None
    neg_elbo = vae.distortion + vae.rate
    print(f"Over {vae.images:,} test images, in nats per image:")
    print(f"distortion {vae.distortion:.2f} + rate {vae.rate:.2f} = −ELBO {neg_elbo:.2f}")
    if vae.carried is not None:
        print(f"The losses of your encoder carry {vae.carried:.2f}; they should carry the rate.")
    if not np.isfinite(neg_elbo):
        print("The training has gone astray: what came of it is not a finite number.")
    return vae


def _refuse_an_object(sampling: Any) -> None:
    import keras

    if isinstance(sampling, keras.layers.Layer):
        raise LatentsError("Pass the class, Sampling, and not an object of it, Sampling().")


def _values(name: str, result: Any) -> np.ndarray:
    """Return what an answer gave as an array in double precision."""
    if result is None:
        raise LatentsError(f"{name} returned nothing: its last line has to be a return.")
    if isinstance(result, list | tuple):
        raise LatentsError(f"{name} returned {len(result)} things, expected one tensor.")
    return np.asarray(result, dtype=np.float64)
