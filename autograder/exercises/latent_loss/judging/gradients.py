"""Judge the values of the gradients, for mean and log_var separately."""

import numpy as np

from autograder.checks.words import number
from autograder.exercises.latent_loss.judging.function import (
    CONSTANT,
    FunctionCheck,
    numbers,
    several,
)
from autograder.exercises.latent_loss.judging.mistakes import RTOL, UNITS, kl

CLOSE = 5e-3  # relative error of a gradient that a guard like log(variance + 1e-8) may leave
SURE = 5e-4  # relative error of what log_var adds to a value, where values count as right
ANNOUNCED = np.array([[[2.3, -2.4], [-2.7, 3.2], [2.2, 2.9]], [[0.8, 1.3], [1.2, 0.4], [1, 0.7]]])
WEIGHTS = np.array([1.0, 0.5, -1.5])
BACK = "something changes the gradient on its way back"


class GradientToMean(FunctionCheck):
    """The gradient for the mean is that of the closed form, or the slope of wrong values."""

    part = "gradients"
    place, name_of_input = 0, "mean"

    def inputs(self, rng):
        """Return codes away from the prior, and from round numbers, where limits have kinks.

        ``weights`` are the upstream gradients for the results of the examples. ``others`` are
        codes far from the prior and near it, where the gradient is that of the closed form.
        """
        if rng is None:
            return {"at": [ANNOUNCED], "weights": WEIGHTS, "others": []}
        mean = rng.integers(6, 9, size=(3, 2)) + rng.uniform(0.2, 0.8, size=(3, 2))
        mean *= rng.choice([-1, 1], size=(3, 2))
        weights = rng.choice([-1, 1], size=3) * rng.uniform(0.9, 2, size=3)
        at = np.stack([mean, rng.uniform(2.15, 2.35, size=(3, 2))])
        others = [_far(rng), _near(rng), _wide(rng), _anywhere(rng)]
        return {"at": [at, ANNOUNCED], "weights": weights, "others": others}

    def verdict(self, inputs, seen, reference):
        """Compare with the closed form where the values are right, else with their slopes."""
        weights, count = np.asarray(inputs["weights"]), len(inputs["at"])
        tapes, others = several(seen, "at", count), several(seen, "others", len(inputs["others"]))
        prior = seen.get("prior") if isinstance(seen.get("prior"), dict) else {}
        for tape in (prior, *tapes, *others):
            if "stopped" in tape:
                return (
                    f"The gradient with respect to {self.name_of_input} cannot be computed from "
                    f"the graph of your function: {str(tape['stopped'])[:200]}"
                )
        if problem := self._judge_prior(prior, np.shape(inputs["at"][0])):
            return problem
        units = []
        for at, tape, slopes in zip(
            inputs["at"], tapes, several(seen, "slopes", count), strict=True
        ):
            at = np.asarray(at)
            units.append(_unit(at, numbers(tape, "result")))
            if units[-1] is None:
                problem = self._compare_slopes(
                    at, tape, numbers(slopes, "found", at.shape), weights
                )
            else:
                problem = self._compare(at, tape, units[-1], weights)
            if problem:
                return problem
        for codes, tape in zip(inputs["others"], others, strict=True):
            if units[0] and (problem := self._compare(np.asarray(codes), tape, units[0], weights)):
                return problem
        return None

    def _judge_prior(self, tape, shape) -> str | None:
        """Demand a finite gradient where the value is finite, and none where that is 0."""
        result, gradient = numbers(tape, "result"), numbers(tape, "gradient", shape)[self.place]
        name = self.name_of_input
        if not np.all(np.isfinite(result)):
            return None
        if not np.all(np.isfinite(gradient)):
            return (
                f"At the prior the gradient with respect to {name} is not finite, expected 0: look "
                "for a root or a logarithm, which have no slope at 0."
            )
        return None

    def _compare(self, codes, tape, unit, weights) -> str | None:
        """Compare with the closed form in the examples whose value is right."""
        observed, result = (
            numbers(tape, "gradient", codes.shape)[self.place],
            numbers(tape, "result"),
        )
        weights = np.resize(weights, len(observed))[:, None]
        exact = unit * (codes[0], np.expm1(codes[1]) / 2)[self.place]
        sums = unit * kl(*codes).sum(axis=1)
        if result.shape != sums.shape:
            return None
        # A large mean must not hide a value that is wrong for a log-variance.
        least = codes.shape[2] * kl(0, codes[1]).min(axis=1)
        right = np.abs(result - sums) <= abs(unit) * (SURE * least + 1e-6)
        wrong = ~(np.abs(observed - weights * exact) <= CLOSE * np.abs(weights * exact))
        wrong &= right[:, None]
        if not wrong.any():
            return None
        if np.all(observed[right] == 0):
            return self._no_gradient()
        place = np.unravel_index(np.argmax(wrong), wrong.shape)
        return (
            f"At mean = {number(codes[(0, *place)])} and log_var = {number(codes[(1, *place)])} "
            f"the gradient with respect to {self.name_of_input} is "
            f"{number(observed[place] / weights[place[0], 0])}, expected {number(exact[place])}: "
            f"{_cause(observed[right], exact[right], weights[right])}."
        )

    def _no_gradient(self) -> str:
        name = self.name_of_input
        return (
            f"No gradient reaches {name}, although the values change with it: compute the loss "
            f"from {name} with operations of Keras or TensorFlow, without NumPy, rounding or "
            "stop_gradient."
        )

    def _compare_slopes(self, at, tape, slopes, weights) -> str | None:
        """Compare with the slopes of wrong values, beyond the noise of float32."""
        name, result = self.name_of_input, numbers(tape, "result")
        gradient = numbers(tape, "gradient", at.shape)[self.place]
        if not np.all(np.isfinite(slopes)):
            return "The values of your function are not finite, so it has no gradient there."
        if not slopes.any():
            return f"At mean = {number(at.flat[0])} no value has a slope: {CONSTANT}."
        slopes = slopes[self.place]
        total = np.sum(np.abs(result * np.resize(weights, result.shape)))
        wrong = ~(np.abs(gradient - slopes) <= 0.02 * np.max(np.abs(slopes)) + 2e-4 * total)
        if not wrong.any():
            return None
        if np.all(gradient == 0):
            return self._no_gradient()
        place = np.unravel_index(np.argmax(wrong), wrong.shape)
        return (
            f"At {name} = {number(at[(self.place, *place)])} the gradient with respect to {name} "
            f"is {number(gradient[place])}, but the values of your function have the slope "
            f"{number(slopes[place])} there: {BACK}."
        )


class GradientToLogVar(GradientToMean):
    """The gradient for the log-variance is that of the closed form, or the slope of the values."""

    place, name_of_input = 1, "log_var"


def _far(rng: np.random.Generator) -> np.ndarray:
    """Return codes whose latents cost more than 2 nats each, small and large variances mixed."""
    large, small = rng.uniform(2, 4, size=(16, 2)), rng.uniform(-6.5, -5.5, size=(16, 2))
    mean = np.concatenate([rng.uniform(0.5, 30, (16, 2)), rng.uniform(0.5, 3, (16, 2))])
    return np.stack([rng.choice([-1, 1], size=(32, 2)) * mean, np.concatenate([large, small])])


def _wide(rng: np.random.Generator) -> np.ndarray:
    """Return codes of as many latents as real ones have, each of which costs more than 2 nats."""
    mean = rng.choice([-1, 1], size=(32, 40)) * rng.uniform(2.3, 8, size=(32, 40))
    log_var = rng.choice([-1, 1], size=(32, 40)) * rng.uniform(0.3, 3, size=(32, 40))
    return np.stack([mean, log_var])


def _near(rng: np.random.Generator) -> np.ndarray:
    """Return codes whose latents cost some hundredths of a nat each."""
    return rng.choice([-1, 1], size=(2, 32, 2)) * rng.uniform(0.1, 0.3, size=(2, 32, 2))


def _anywhere(rng: np.random.Generator) -> np.ndarray:
    """Return codes with both latents of one kind, moderate or as extreme as values get.

    They leave no gap that is larger than a few per cent of the range.
    """
    middle = _spread(rng, 0.2, 2.5, 12), _spread(rng, -2.5, 2.5, 12)
    far = np.exp(_spread(rng, np.log(2.5), np.log(400), 20)), _spread(rng, -8, 11, 20)
    mean = np.concatenate([middle[0], far[0]]) * rng.choice([-1, 1], size=(32, 2))
    return np.stack([mean, np.concatenate([middle[1], far[1]])])


def _spread(rng: np.random.Generator, low: float, high: float, rows: int) -> np.ndarray:
    """Return numbers, (rows, 2), one from each of 2 · rows equal parts of a range."""
    count = 2 * rows
    places = low + (high - low) * (np.arange(count) + rng.uniform(size=count)) / count
    return rng.permutation(places).reshape(rows, 2)


def _unit(at: np.ndarray, result: np.ndarray) -> float | None:
    """Return the unit in which the values are right, if they are."""
    sums = kl(*at).sum(axis=1)
    for unit in UNITS:
        if result.shape == sums.shape and np.allclose(result, unit * sums, rtol=RTOL, atol=0):
            return unit
    return None


def _cause(observed, exact, weights) -> str:
    """Return the usual cause of such gradients."""
    if np.allclose(observed, exact, rtol=CLOSE, atol=0):
        return "a gradient of one's own has to be multiplied by what reaches it (upstream)"
    ratios = observed / (weights * exact)
    if np.allclose(ratios, ratios.mean(), rtol=CLOSE, atol=0):
        return f"every gradient is {number(ratios.mean())} times the right one; {BACK}"
    return BACK
