"""Judge the gradients of codes and of the KL by all weights, for mean and scale separately.

The probe returns the derivatives of each element of mean and scale by the weights. Everything else
depends on the weights only through these elements, so the chain rule applies.
"""

import numpy as np

from autograder.checks.moments import quantile
from autograder.checks.words import number
from autograder.exercises.tfp_encoder.encoder import MANY
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.common import (
    moments,
    numbers,
    prior_moments,
    whitened,
)

EXACT = 5e-3  # relative error of a gradient that is not sampled
SLOPE = 0.15  # relative difference between a slope of the values and the gradient
INDEPENDENT = 1e-5  # a singular value that is smaller, relative to the largest one, is rounding
DRAWS = 4000  # draws to estimate the spread of the gradient of a sampled KL
STOPPED = "something on its way, such as stop_gradient, keeps training from lowering it"


def problem_of_code(inputs, seen) -> str | None:
    """Compare the gradient of a code with that of mean + L noise."""
    if not seen:
        raise ValueError("no derivatives")
    by_output = _by_output(inputs, seen)
    along = numbers(seen["along"], inputs["encoded_size"])
    for key, where in (("code", ""), ("code_of_batch", " of a batch of images")):
        code = seen[key]
        if not _is_steady(seen["before"], code):
            return None  # `architecture` reports a mean that changes from call to call
        noise = whitened(code).reshape(-1, len(along))
        by_mean = len(noise) * along
        parts = _parts(by_output, by_mean, np.outer(along, noise.sum(0)))
        observed = numbers(code["by_weights"], by_output.shape[1])
        if np.abs(observed).max() < EXACT * np.abs(sum(parts)).max():
            return (
                f"No gradient passes from the code{where} to the weights: the sample must be a "
                "reparameterized one, without stop_gradient."
            )
        weights = np.outer(along, np.abs(noise).sum(0))
        if not _agrees(observed, sum(parts), by_output, by_mean, weights):
            of_mean, of_scale = _shares(observed, parts)
            return (
                f"Through the code{where}, {number(of_mean)} times the gradient passes to the mean "
                f"and {number(of_scale)} times the gradient to the scale, expected 1 for both: the "
                "sample must be a reparameterized one, mean plus scale times noise, without "
                "stop_gradient."
            )
    return None


def problem_of_outputs(inputs, seen) -> str | None:
    """Compare gradients of mean and scale with their values, and count how many are independent."""
    by_output = _by_output(inputs, seen)
    if not _is_steady(seen["before"], seen["code"]):
        return None
    for place, of_layer in enumerate(numbers(seen["slopes"], None, 2, 4)):
        for name, (*by_value, by_gradient, usual) in zip(("mean", "scale"), of_layer, strict=True):
            by_value = min([*by_value, np.mean(by_value)], key=lambda s: abs(s - by_gradient))
            if not abs(by_value - by_gradient) <= SLOPE * max(abs(by_value), usual):
                return (
                    f"Along some change of the kernel of layer {place + 1} the {name} of the "
                    f"Gaussian has the slope {number(by_value)}, but its gradient says "
                    f"{number(by_gradient)}: something behind this layer, such as stop_gradient "
                    "or a gradient of your own, changes gradients on their way back."
                )
    # Elements that an activation suppresses have no derivatives; `architecture` judges that.
    moving = by_output[by_output.any(axis=1)]
    rows = moving / np.linalg.norm(moving, axis=1, keepdims=True)
    values = np.linalg.svd(rows, compute_uv=False)
    count = int((values > INDEPENDENT * values.max(initial=0)).sum())
    if count == len(moving):
        return None
    return (
        f"Mean and scale of the Gaussian have {len(by_output)} elements, but depend on only "
        f"{count} independent numbers of the network, expected one output for each: see "
        "params_size of MultivariateNormalTriL."
    )


def problem_of_kl(inputs, seen) -> str | None:
    """Compare the gradient of the loss with that of the KL or of its estimate at the code."""
    if not seen:
        raise ValueError("no derivatives")
    by_output = _by_output(inputs, seen)
    first, *others = seen["steps"]
    if not _is_steady(seen["before"], first):
        return None  # `architecture` reports a mean that changes from call to call
    exact = _exact(inputs, first)
    for step, where in ((first, ""), (seen["step_of_batch"], " for a batch of images")):
        if not _is_steady(first, step) or _is_of_kl(inputs, step, by_output, exact):
            continue  # `architecture` reports a mean that depends on the others of a batch
        observed = numbers(step["by_weights"], by_output.shape[1])
        if others and not _is_at_code(inputs, step):
            observed = np.mean([numbers(o["by_weights"], len(observed)) for o in others], axis=0)
            allowed = _chance(inputs, first, by_output, MANY * len(others))
            if (np.abs(observed - sum(_parts(by_output, *exact))) <= allowed).all():
                continue
        of_mean, of_scale = _shares(observed, _parts(by_output, *exact))
        if (problem := _value(inputs, step, where)) and not others:
            return problem
        return (
            "The KL in the training loss has the right value, but its gradient is "
            f"{number(of_mean)} times what it should be for the mean and {number(of_scale)} times "
            f"for the scale{where}: {STOPPED}."
        )
    return None


def _value(inputs, step, where: str) -> str | None:
    """Report a loss whose value is not that of the KL, or return None."""
    mean, root = moments(step)
    loc, std = prior_moments(inputs)
    kl = oracle.gaussian_kl(mean, root, np.broadcast_to(loc, mean.shape), np.diag(std)).mean()
    loss = float(numbers(step["loss"]))
    if abs(loss - kl) <= EXACT * abs(kl) or _is_at_code(inputs, step):
        return None
    batch = where or " for a batch of one image"
    return (
        f"The training loss carries {number(loss)} instead of {number(kl)} nats per image{batch}: "
        "average the KL over the batch, whatever its size."
    )


def _is_of_kl(inputs, step, by_output: np.ndarray, exact: tuple) -> bool:
    """Return whether a gradient is that of the KL, or of its estimate at the codes."""
    observed = numbers(step["by_weights"], by_output.shape[1])
    noise = whitened(step).reshape(-1, len(exact[0]))
    return any(
        _agrees(observed, sum(_parts(by_output, *wanted)), by_output, *wanted)
        for wanted in (
            exact,
            *(_average(gradients) for gradients in _of_draws(inputs, step, noise)),
        )
    )


def _by_output(inputs, seen) -> np.ndarray:
    size = inputs["encoded_size"]
    return numbers(seen["by_output"], size + size * (size + 1) // 2, None)


def _is_steady(before, after) -> bool:
    pairs = zip(moments(before), moments(after), strict=True)
    return all(np.allclose(one, other, rtol=1e-4, atol=1e-5) for one, other in pairs)


def _parts(by_output: np.ndarray, by_mean: np.ndarray, by_root: np.ndarray) -> tuple:
    """Return the gradients by the weights that pass through the mean and through the scale."""
    size = len(by_mean)
    lower = by_root[np.tril_indices(size)]
    return by_mean @ by_output[:size], lower @ by_output[size:]


def _agrees(observed, wanted, by_output, by_mean, by_root) -> bool:
    """Compare gradients, relative to the size of terms that may cancel each other."""
    weight = sum(_parts(np.abs(by_output), np.abs(by_mean), np.abs(by_root)))
    return bool((np.abs(observed - wanted) <= EXACT * weight + 1e-6 * weight.max()).all())


def _shares(observed: np.ndarray, parts: tuple) -> np.ndarray:
    shares: np.ndarray = np.linalg.lstsq(np.stack(parts, -1), observed, rcond=None)[0]
    return np.round(shares, 3)


def _exact(inputs, seen) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the KL of one image by mean and scale."""
    mean, root = moments(seen)
    loc, std = prior_moments(inputs)
    by_mean, by_root = oracle.gaussian_kl_gradient(mean[:1], root[:1], loc, np.diag(std))
    return by_mean[0], by_root[0]


def _is_at_code(inputs, seen) -> bool:
    """Return whether the loss is log q − log p at the code, whose gradient is known."""
    mean, root = moments(seen)
    loc, std = prior_moments(inputs)
    code = numbers(seen["code"])
    root = np.broadcast_to(root, (*code.shape, code.shape[-1]))
    log_q = oracle.log_normal(code, mean, root)
    log_p = oracle.log_normal(code, loc, np.broadcast_to(np.diag(std), root.shape))
    return bool(abs(numbers(seen["loss"]) - (log_q - log_p).mean()) <= EXACT)


def _average(gradients: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return gradients[0].mean(0), gradients[1].mean(0)


def _of_draws(inputs, seen, noise: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the gradients of log q − log p at codes with some noise: (draws, d), (draws, d, d).

    The second ones leave out what q itself depends on, whose mean is 0 ("sticking the landing",
    Roeder, Wu and Duvenaud, 2017).
    """
    mean, root = (x[0] for x in moments(seen))
    loc, std = prior_moments(inputs)
    by_code = (mean + noise @ root.T - loc) / std**2
    inverse = np.linalg.inv(root)
    sticking = by_code - noise @ inverse
    return [
        (by_code, by_code[:, :, None] * noise[:, None, :] - inverse.T),
        (sticking, sticking[:, :, None] * noise[:, None, :]),
    ]


def _chance(inputs, seen, by_output: np.ndarray, size: int) -> np.ndarray:
    """Return the largest allowed error of the mean gradient of some sampled KLs."""
    noise = np.random.default_rng(0).normal(size=(DRAWS, inputs["encoded_size"]))
    lower = (..., *np.tril_indices(inputs["encoded_size"]))
    spreads = [
        (np.concatenate([by_mean, by_root[lower]], -1) @ by_output).std(0)
        for by_mean, by_root in _of_draws(inputs, seen, noise)
    ]
    exact = sum(_parts(np.abs(by_output), *map(np.abs, _exact(inputs, seen))))
    spread = 1.5 * quantile(by_output.shape[1]) * np.maximum(*spreads) / np.sqrt(size)
    return spread + EXACT * exact + 1e-6 * exact.max()
