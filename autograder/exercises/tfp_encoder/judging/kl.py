"""Check of ``tfp_encoder``: the training loss carries the KL to the prior once."""

import numpy as np

from autograder.checks.moments import mean_bound
from autograder.checks.words import number, shape
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.build import (
    EncoderCheck,
    arguments,
    bits,
    channels,
    covariance_root,
    fill,
    is_distribution,
    moments,
    prior_moments,
)

PIXELS = 28 * 28
EXACT = 2e-3  # relative error of a KL without chance in it
TWICE = (
    "counted twice, as Keras does with an activity_regularizer of a distribution layer; see "
    "“Doubled KL” in “What the usual recipes get wrong”"
)


class TrainingStep(EncoderCheck):
    """A step of training, with nothing else in its loss, has the loss and gradient of the KL."""

    part = "kl"

    def inputs(self, rng):
        """Return the seed of weights and of images, and the size of the batch."""
        seed, batch = 6, 300
        if rng is not None:
            seed, batch = int(rng.integers(1000)), int(rng.integers(101, 130))
        return {**arguments(rng), "seed": seed, "batch": batch}

    def observe(self, encoder, inputs):
        """Do what Keras does before it updates the weights; return loss, posterior, gradient."""
        import tensorflow as tf

        fill(encoder, inputs["seed"], gain=1, bias=0.8)
        images = bits(inputs)[..., : channels(encoder, inputs)]
        with tf.GradientTape(persistent=True) as tape:
            q = encoder(images, training=True)
            added = [[int(s) for s in loss.shape] for loss in encoder.losses]
            if any(added):
                return {"added": added}
            loss = _sum(encoder.losses)
            if not is_distribution(q):
                return {"losses": [float(loss)], "mean": None}
            mean, scale = moments(q)
            along = _along_kl(q, mean, scale, *prior_moments(inputs))
        weights = encoder.trainable_weights
        share = _share(tape.gradient(loss, weights), tape.gradient(along, weights))
        losses = [float(loss)]
        if not _is_kl(losses, _kl(inputs, {"mean": mean, "scale": scale})[0].mean()):
            encoder(images, training=True)  # again: is there chance in it?
            losses.append(float(_sum(encoder.losses)))
        return {"losses": losses, "mean": mean, "scale": scale, "share": share}

    def compare(self, inputs, seen):
        """Compare with the KL in double precision, and allow what one sample each can do."""
        if "added" in seen:
            added = next(sizes for sizes in seen["added"] if sizes)
            return (
                f"Your encoder adds a loss of shape {shape(added)}, expected one number: average "
                "the KL over the batch before you add it."
            )
        if not any(seen["losses"]):
            return (
                "The training loss carries no KL: with a decoder that costs nothing it is 0. Add "
                "the KL of the posterior to the prior, once."
            )
        if seen["mean"] is None:
            return (
                "The encoder returns no distribution, so what it adds to the training loss cannot "
                "be compared with the KL of its posterior."
            )
        return _judge_loss(inputs, seen) or _judge_gradient(seen)


def _is_kl(losses, kl: float) -> bool:
    """Return True for losses that are the KL, with no chance in them."""
    return bool(np.abs(np.subtract(losses, kl)).max() <= EXACT * kl)


def _judge_loss(inputs, seen) -> str | None:
    """Compare the loss with the KL; if it differs, find the quantity that it is."""
    exact, std = _kl(inputs, seen)
    loss, kl = np.mean(seen["losses"]), exact.mean()
    if _is_kl(seen["losses"], kl):
        return None
    allowed = EXACT * kl
    sampled = np.ptp(seen["losses"]) > 1e-5 * abs(loss)
    if sampled:
        allowed += 1.2 * mean_bound(np.sqrt((std**2).mean()), 2 * len(std))
    if abs(loss - kl) <= allowed:
        return None
    mistakes = list(_mistakes(inputs, seen, sampled))
    away = [abs(loss - value) / (weight * allowed) for _, value, weight in mistakes]
    cause = "add the KL of the posterior to the given prior once, averaged over the batch"
    if min(away) <= 1:
        cause = mistakes[int(np.argmin(away))][0]
    return (
        f"The training loss carries {number(loss / kl)} times the KL to the prior "
        f"({number(loss)} instead of {number(kl)} nats per image): {cause}."
    )


def _judge_gradient(seen) -> str | None:
    """Demand most of the gradient; a sampled KL has a little noise in it."""
    if abs(seen["share"] - 1) < 0.5:
        return None
    return (
        f"The KL in the training loss has the right value but {number(seen['share'])} times its "
        "gradient: something on its way, such as stop_gradient, keeps training from lowering it."
    )


def _sum(losses):
    """Return what Keras adds to the loss of the data: a tensor."""
    import tensorflow as tf

    return tf.add_n([tf.cast(loss, tf.float32) for loss in losses] or [tf.zeros(())])


def _along_kl(q, mean, scale, loc, std):
    """Return a tensor that has the gradient of the mean KL of q to the prior.

    The gradient by the moments is known, so TensorFlow has to pass it on only.
    """
    import tensorflow as tf

    root = np.diag(std)
    by_mean, by_scale = oracle.gaussian_kl_gradient(mean, scale, loc, root)
    pairs = (q.mean(), by_mean), (covariance_root(q), by_scale)
    terms = [tf.reduce_sum(found * np.float32(by / len(mean))) for found, by in pairs]
    return terms[0] + terms[1]


def _share(found, wanted) -> float:
    """Return how much of the wanted gradient there is."""
    import tensorflow as tf

    pairs = [(f, w) for f, w in zip(found, wanted, strict=True) if w is not None]
    along = sum(float(tf.reduce_sum(f * w)) for f, w in pairs if f is not None)
    whole = sum(float(tf.reduce_sum(w * w)) for _, w in pairs)
    return along / whole if whole else 0.0


def _both(inputs, seen) -> tuple[np.ndarray, ...]:
    """Return mean and scale of the posteriors, and of the prior for each of them."""
    mean, scale = np.asarray(seen["mean"]), np.asarray(seen["scale"])
    loc, std = prior_moments(inputs)
    return mean, scale, np.broadcast_to(loc, mean.shape), np.broadcast_to(np.diag(std), scale.shape)


def _kl(inputs, seen) -> tuple[np.ndarray, np.ndarray]:
    """Return KL and standard deviation of its one-sample estimate for each image."""
    both = _both(inputs, seen)
    return oracle.gaussian_kl(*both), oracle.sampled_kl_std(*both)


def _mistakes(inputs, seen, sampled):
    """Return usual mistakes: what to say, the loss they give, and how much its chance weighs."""
    batch, size = inputs["batch"], inputs["encoded_size"]
    kl = _kl(inputs, seen)[0].mean()
    factors = [
        (2, f"it is {TWICE}"),
        (0.5, "it is halved; a weight of 0.5 only belongs to an activity_regularizer"),
        (batch, "it is summed over the batch; average it"),
        (2 * batch, f"it is summed over the batch, and {TWICE}"),
        (batch / 2, "it is summed over the batch and halved; average it"),
        (1 / batch, "it is divided by the size of the batch twice; average it once"),
        (2 / batch, f"it is divided by the size of the batch once too often, and {TWICE}"),
        (1 / PIXELS, "it is divided by the number of pixels; nats per image are wanted"),
        (2 / PIXELS, f"it is divided by the number of pixels, and {TWICE}"),
        (1 / size, "it is averaged over the latents; sum over them"),
        (2 / size, f"it is averaged over the latents, and {TWICE}"),
        (-1, "its sign is reversed, so that training increases it"),
        (-2, f"its sign is reversed, and {TWICE}"),
    ]
    for factor, cause in factors:
        yield cause, factor * kl, abs(factor)
    mean, scale, loc, root = _both(inputs, seen)
    nothing, one = np.zeros_like(mean), np.broadcast_to(np.eye(size), scale.shape)
    told = "it is the KL to a standard normal, not to the prior that was passed"
    standard = oracle.gaussian_kl(mean, scale, nothing, one).mean()
    yield told, standard, min(standard / kl, 1)
    yield f"{told}, and it is {TWICE}", 2 * standard, min(2 * standard / kl, 2)
    yield "the entropy of the posterior is missing from it", kl + _entropy(seen).mean(), 1
    if not sampled:
        yield from _without_chance(mean, scale, loc, root)


def _entropy(seen) -> np.ndarray:
    """Return −E log q in nats: (batch,)."""
    scale = np.asarray(seen["scale"])
    return scale.shape[-1] / 2 * np.log(2 * np.pi * np.e) + np.linalg.slogdet(scale)[1]


def _without_chance(mean, scale, loc, root):
    """Return what may be taken for the KL, and has no chance in it, as ``_mistakes`` does."""
    std = np.sqrt((scale**2).sum(-1))[..., None] * np.eye(mean.shape[-1])
    told = "correlations between the latents are left out of it"
    yield told, oracle.gaussian_kl(mean, std, loc, root).mean(), 1
    told = "it is the KL of the prior to the posterior; the posterior comes first"
    yield told, oracle.gaussian_kl(loc, root, mean, scale).mean(), 1
    log_q, log_p = oracle.log_normal(mean, mean, scale), oracle.log_normal(mean, loc, root)
    told = "log q − log p is taken at the mean of the posterior, not at a sample"
    yield told, (log_q - log_p).mean(), 1
    yield f"{told}, and it is {TWICE}", 2 * (log_q - log_p).mean(), 2
