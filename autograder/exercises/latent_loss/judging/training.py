"""Judge the latent loss in use: a compiled Keras model is trained with it."""

import numpy as np

from autograder.checks.words import number
from autograder.exercises.latent_loss.judging.function import (
    CONSTANT,
    FunctionCheck,
    arrays,
    far_from_prior,
    flag,
    numbers,
)

WIDTH = 5
FULL = 32  # examples in a batch, as in the book


class InTraining(FunctionCheck):
    """A layer can add the loss to a functional model, whose compiled step trains it."""

    part = "use"

    def inputs(self, rng):
        """Return codes in two full batches; hidden ones of other sizes come after them."""
        announced = np.random.default_rng(1)
        batches = [far_from_prior(announced, FULL, WIDTH) for _ in range(2)]
        if rng is not None:
            sizes = int(rng.integers(4, FULL)), int(rng.integers(700, 1300))
            batches += [far_from_prior(rng, size, WIDTH) for size in sizes]
        return {"batches": batches}

    def verdict(self, inputs, seen, reference):
        """Compare with what the function gives when it is called alone."""
        batches = inputs["batches"]
        called = arrays(seen, "called", len(batches))
        reported = numbers(seen, "reported", (len(batches),))
        moved = arrays(seen, "moved", len(batches))
        gradients = arrays(seen, "gradients", len(batches))
        gradient = gradients[0]
        if flag(seen, "changes"):  # cannot be compared; the part on values reports it
            if np.all(np.isfinite(reported)) and gradient.any():
                return None
            return f"In a trained Keras model, apart from random numbers, {CONSTANT}."
        if np.ptp(np.concatenate([losses.ravel() for losses in called])) == 0:
            return f"In a trained Keras model {CONSTANT}."
        sizes = np.array([len(batch["mean"]) for batch in batches])
        for size, losses in zip(sizes, called, strict=True):
            if not np.all(np.isfinite(losses)):
                worst = losses.flat[np.argmin(np.isfinite(losses))]
                return f"In a batch of {size} examples the latent loss of one is {number(worst)}."
        means = np.cumsum([losses.mean() for losses in called] * sizes) / np.cumsum(sizes)
        if not np.allclose(reported, means, rtol=1e-3, atol=0):
            wrong = int(np.argmax(~np.isclose(reported, means, rtol=1e-3, atol=0)))
            return (
                f"In a fitted Keras model the latent loss is {number(reported[wrong])} on average, "
                f"expected {number(means[wrong])}, which is what the function gives when it is "
                "called directly: it must give the same numbers in every batch."
            )
        problem = self._judge_step(gradient, moved[0])
        alone = numbers(seen, "alone", np.shape(batches[0]["mean"])).sum(axis=1)
        if problem or called[0].shape != alone.shape or not np.allclose(called[0], alone, 1e-3):
            return problem  # the sum in the announced batch is judged by the part on reduction
        full = arrays(seen, "in_full_batches", len(batches))
        return _judge_sizes(called, full) or _judge_moves(moved, gradients)

    def _judge_step(self, gradient, moved) -> str | None:
        """Compare the first step of the weights with the gradient of the function."""
        if gradient.shape != (2, FULL, WIDTH) or moved.shape != (2, WIDTH):
            return "What was observed of a training step cannot be read."
        wanted = -gradient.sum(axis=1)
        if np.allclose(moved, wanted, rtol=1e-3, atol=1e-3 * np.max(np.abs(wanted))):
            return None
        return (
            f"In a compiled training step a weight moves by {number(moved.flat[0])}, expected "
            f"{number(wanted.flat[0])}: the gradient is not what a tape gives outside the model."
        )


def _judge_moves(moved: list[np.ndarray], gradients: list[np.ndarray]) -> str | None:
    """Require that steps with batches of all sizes follow the gradients of the examples."""
    for step, gradient in zip(moved, gradients, strict=True):
        wanted = -gradient.sum(axis=1)
        close = 1e-3 * np.max(np.abs(wanted))
        if step.shape != wanted.shape or not np.allclose(step, wanted, rtol=1e-3, atol=close):
            return (
                f"In a training step with a batch of {gradient.shape[1]} examples a weight moves "
                f"by {number(step.flat[0])}, expected {number(wanted.flat[0])}, the mean of what "
                f"the gradients of these examples are in batches of {FULL}."
            )
    return None


def _judge_sizes(called: list[np.ndarray], full: list[np.ndarray]) -> str | None:
    """Require that an example has the same loss in batches of all sizes."""
    for observed, wanted in zip(called, full, strict=True):
        if observed.shape == wanted.shape and not np.allclose(observed, wanted, rtol=1e-3, atol=0):
            worst = int(np.argmax(~np.isclose(observed, wanted, rtol=1e-3, atol=0)))
            return (
                f"In a batch of {len(wanted)} examples the latent loss of one of them is "
                f"{number(observed[worst])}, and in one of {FULL} it is {number(wanted[worst])}: "
                "it must not depend on how many others there are."
            )
    return None
