"""Check of ``tfp_encoder``: the training loss contains the KL to the prior exactly once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.checks.moments import mean_bound, std_bound
from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.encoder import MANY
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.common import (
    EncoderCheck,
    moments,
    numbers,
    prior_moments,
    whitened,
)
from autograder.exercises.tfp_encoder.judging.derivatives import problem_of_kl
from autograder.exercises.tfp_encoder.judging.kl.mistakes import mistakes

LITTLE = 0.1  # relative difference that suggests an extra term beside the KL
EXACT = 2e-3  # relative error of a KL that is not sampled
ROUNDING = 3e-6  # relative error of log-densities in single precision
ELSEWHERE = {
    "batch": "in batches of another size: average the KL over the batch, whatever its size",
    "near": "where the posterior is close to the prior: nothing may be done to the KL, such as "
    "free bits or a lower limit",
    "far": "where the posterior is far from the prior: nothing may be added to the KL or done to "
    "it, such as a second penalty or an upper limit",
    "features": "where the weights of the convolutions are large: beside the KL there seems to be "
    "a penalty, such as a kernel_regularizer or an activity_regularizer, or the KL is not averaged "
    "over batches of another size",
    "outputs": "where the weights of the last layer are large: beside the KL there seems to be "
    "a penalty, such as a kernel_regularizer or an activity_regularizer, or the KL is not averaged "
    "over batches of another size",
}


@dataclass(frozen=True)
class Steps:
    """Several training steps with the same images and weights.

    Attributes
    ----------
    inputs : dict
        Inputs of the check.
    calls : list of dict
        Observations of each step.
    slack : float
        Additional tolerance in nats for a loss that is sampled.
    """

    inputs: dict
    calls: list
    slack: float = 0.0

    @cached_property
    def losses(self) -> np.ndarray:
        """The loss of each step."""
        return np.stack([numbers(call["loss"]) for call in self.calls])

    @cached_property
    def posteriors(self) -> tuple[np.ndarray, np.ndarray]:
        """Means (steps, batch, d) and roots of covariances of all steps."""
        means, roots = map(np.stack, zip(*map(moments, self.calls), strict=True))
        return means, roots

    @cached_property
    def both(self) -> tuple[np.ndarray, ...]:
        """Mean and root of the posteriors, and of the prior for each of them."""
        mean, root = self.posteriors
        loc, std = prior_moments(self.inputs)
        return (
            mean,
            root,
            np.broadcast_to(loc, mean.shape),
            np.broadcast_to(np.diag(std), root.shape),
        )

    @cached_property
    def kl(self) -> np.ndarray:
        """The KL of each step, averaged over its images."""
        return oracle.gaussian_kl(*self.both).mean(-1)

    @cached_property
    def at_codes(self) -> np.ndarray:
        """The value of log q − log p in each step, at the codes that the decoder gets."""
        estimates = [self._at_code(*step) for step in zip(self.calls, *self.both, strict=True)]
        return np.stack(estimates)

    def _at_code(self, call, mean, root, loc, prior_root) -> float:
        code = numbers(call["code"])
        root, prior_root = (
            np.broadcast_to(x, (*code.shape, code.shape[-1])) for x in (root, prior_root)
        )
        return (
            oracle.log_normal(code, mean, root) - oracle.log_normal(code, loc, prior_root)
        ).mean()

    @cached_property
    def has_chance(self) -> bool:
        """Whether the loss varies where the KL does not."""
        away = self.losses - self.kl
        return bool(len(away) > 2 and np.ptp(away) > 1e-5 * np.abs(self.losses).max())

    @cached_property
    def allowed(self) -> float:
        """The largest allowed difference between the mean loss and the mean KL."""
        allowed = EXACT * np.abs(self.kl.mean()) + self._rounding
        if self.has_chance:
            spread = np.sqrt((oracle.sampled_kl_std(*self.both) ** 2).mean())
            count = self.kl.size * self.both[0].shape[1]
            allowed += (1.2 if count > MANY else 2) * mean_bound(spread, count) + self.slack
        return float(allowed)

    @property
    def _rounding(self) -> float:
        mean, root, loc, prior_root = self.both
        log_p = oracle.log_normal(mean, loc, prior_root)
        log_q = oracle.log_normal(mean, mean, root)
        return float(ROUNDING * (np.abs(log_p) + np.abs(log_q)).mean() + 1e-4)

    def are_right(self) -> bool:
        """Return whether the loss is the KL or its estimate at the codes, or close on average."""
        exact = EXACT * np.abs(self.kl) + self._rounding
        if (np.abs(self.losses - self.kl) <= exact).all():
            return True
        if self._are_drawn() and (np.abs(self.losses - self.at_codes) <= exact).all():
            return True
        return self.has_chance and abs((self.losses - self.kl).mean()) <= self.allowed

    def _are_drawn(self) -> bool:
        white = np.concatenate([whitened(call).ravel() for call in self.calls])
        bound = 1.5 if white.size < 1000 else std_bound(1, white.size)
        return bool(abs(white.std() - 1) <= bound)

    def are_finite(self) -> bool:
        """Return whether the KL is finite, so that it can be compared."""
        return bool(np.isfinite(self.kl).all())


class TrainingStep(EncoderCheck):
    """A training step without any other loss has the loss and gradient of the KL."""

    part = "kl"

    def compare(self, inputs, seen):
        """Compare with the KL in double precision, allowing for one sample per image."""
        calls = seen["anywhere"]
        if numbers(calls[0]["loss"]).ndim:
            return (
                f"Your encoder adds a loss of shape {shape(numbers(calls[0]['loss']).shape)}, "
                "expected one number: average the KL over the batch before you add it."
            )
        steps = Steps(inputs, calls)
        if not steps.losses.any():
            return (
                "The training loss carries no KL: in a model that contains your encoder, with a "
                "decoder that costs nothing, it is 0. Add the KL of the posterior to the prior, "
                "once, with a layer or with add_loss."
            )
        if "root" not in calls[0]:
            return (
                "The encoder returns no distribution, so what it adds to the training loss cannot "
                "be compared with the KL of its posterior."
            )
        if not steps.are_right():
            return _wrong(steps)
        for name, where in ELSEWHERE.items():
            # If the posterior is not a Gaussian, which `distribution` reports, its estimate differs
            # most from the Gaussian KL where that is nearly 0.
            others = Steps(inputs, seen[name], slack=0.05 if name == "near" else 0.0)
            if others.are_finite() and not others.are_right():
                return (
                    f"The training loss carries {number(others.losses.mean())} instead of "
                    f"{number(others.kl.mean())} nats per image {where}."
                )
        if seen["state"] is not False:
            return (
                "The training loss depends on a variable that your encoder changes in each step, "
                "so it keeps a count or a state: add the KL alone."
            )
        return problem_of_kl(inputs, seen["derivatives"])


def _wrong(steps: Steps) -> str:
    """Report a wrong loss with the quantity that it seems to be."""
    loss, kl = steps.losses.mean(), steps.kl.mean()
    candidates = list(mistakes(steps.both, MANY, steps.has_chance))
    away = [abs(loss - value) / (weight * steps.allowed) for _, value, weight in candidates]
    cause = "add the KL of the posterior to the given prior once, averaged over the batch"
    if abs(loss / kl - 1) < LITTLE:
        cause = (
            "beside the KL there seems to be a penalty, such as a kernel_regularizer, an "
            "activity_regularizer or an entropy, or the KL has a weight"
        )
    of_codes = [
        cause_of_code
        for cause_of_code, value, _ in candidates
        if np.allclose(steps.losses, value / kl * steps.at_codes, rtol=EXACT, atol=1e-4)
    ]
    if of_codes:  # a match at the codes is not due to chance
        cause = of_codes[0]
    elif min(away) <= 1:
        cause = candidates[int(np.argmin(away))][0]
    return (
        f"The training loss carries {_ratio(loss / kl)} times the KL to the prior "
        f"({number(loss)} instead of {number(kl)} nats per image): {cause}."
    )


def _ratio(value: float) -> str:
    """Format a ratio, with more digits if it would otherwise look like 1."""
    return f"{value:.4f}" if number(value) == "1" else number(value)
