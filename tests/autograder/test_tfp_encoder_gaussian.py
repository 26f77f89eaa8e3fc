"""What the judges of ``tfp_encoder`` say of Gaussians and losses made by hand: no TensorFlow."""

import re

import numpy as np
import pytest
from autograder.checks.tfp_encoder_build import prior_moments

from autograder import checks, wire
from autograder.checks import tfp_encoder_oracle as oracle

CHECKS = {check.name: check for check in checks.load("tfp_encoder").checks}
SEEDS = range(20)


def places(name):
    """Return the announced inputs of a check and some hidden ones."""
    return [
        CHECKS[name].inputs(None),
        *(CHECKS[name].inputs(np.random.default_rng(s)) for s in SEEDS),
    ]


def judge(name, inputs=None, **seen):
    check = CHECKS[name]
    return check.judge(inputs or check.inputs(None), seen, None)


# The Gaussian


def drawn(inputs, scale_of=lambda scale: scale, **changes):
    """Return what Gaussian observes of a right encoder, with changes."""
    rng, shape = np.random.default_rng(1), (inputs["batch"], inputs["encoded_size"])
    lower = np.tril(rng.normal(size=(*shape, shape[1])), -1)
    scale = scale_of(lower + np.eye(shape[1]) * rng.uniform(0.5, 2, (*shape, 1)))
    mean, eps, away = rng.normal(size=(3, *shape))
    z = mean + away
    seen = {"event": list(shape[1:]), "batch": list(shape[:1]), "mean": mean, "scale": scale}
    seen |= {"z": z.astype(np.float32), "log_prob": oracle.log_normal(z, mean, scale)}
    seen |= {"code": mean + np.einsum("bij,bj->bi", scale, eps), "reached": True}
    return {**seen, **changes}


def test_a_full_gaussian_passes():
    for inputs in places("Gaussian"):
        assert judge("Gaussian", inputs, **drawn(inputs)) is None


@pytest.mark.parametrize(
    ("told", "scale_of"),
    [
        ("The covariance is diagonal", lambda s: s * np.eye(s.shape[-1])),
        ("above its diagonal", lambda s: np.swapaxes(s, -2, -1)),
        ("are the same for", lambda s: np.broadcast_to(s[0], s.shape)),
        ("are always 0", lambda s: np.where(np.tri(s.shape[-1], k=-2), 0, s)),
        (
            "are the same number",
            lambda s: np.where(np.tri(s.shape[-1], k=-1), s[:, 1:2, :1], s),
        ),
    ],
)
def test_what_is_wrong_with_the_scale_is_told(told, scale_of):
    for inputs in places("Gaussian"):
        assert told in judge("Gaussian", inputs, **drawn(inputs, scale_of))


def test_family_codes_and_gradients_are_compared():
    inputs = CHECKS["Gaussian"].inputs(None)
    right = drawn(inputs)

    def told(**changes):
        return judge("Gaussian", inputs, **{**right, **changes})

    assert "returns nothing, expected a distribution" in judge("Gaussian", kind="nothing")
    assert "batch shape (100, 3) and event shape ()" in told(event=[], batch=[100, 3])
    assert "down to −" in told(scale=right["scale"] - 0.6 * np.eye(3))
    assert "is not finite" in told(scale=right["scale"] * np.nan)
    assert "it is not a Gaussian" in told(log_prob=right["log_prob"] + 0.1)
    assert "turns into its mean" in told(code=right["mean"])
    assert "one code for each image" in told(code=np.zeros((10, 100, 3)))
    half = (right["code"] + right["mean"]) / 2
    assert re.search(r"lie 0\.(4|5)\d* standard deviations", told(code=half))
    assert "No gradient passes" in told(reached=False)


# The KL


def step(inputs, sampled=False, share=1.0, loss=None):
    """Return what TrainingStep observes if ``loss`` computes the loss; by default the KL."""
    rng, shape = np.random.default_rng(inputs["seed"]), (inputs["batch"], inputs["encoded_size"])
    lower = np.tril(rng.normal(0, 0.5, (*shape, shape[1])), -1)
    scale = lower + np.eye(shape[1]) * rng.uniform(0.3, 1, (*shape, 1))
    mean = rng.normal(0.5, 0.5, shape)
    loc, std = prior_moments(inputs)
    loc, root = np.broadcast_to(loc, mean.shape), np.broadcast_to(np.diag(std), scale.shape)

    def once():
        if not sampled:
            return (loss or oracle.gaussian_kl)(mean, scale, loc, root).mean()
        z = mean + np.einsum("bij,bj->bi", scale, rng.normal(size=shape))
        ratio = oracle.log_normal(z, mean, scale) - oracle.log_normal(z, loc, root)
        return sampled * ratio.mean()

    return {"mean": mean, "scale": scale, "share": share, "losses": [once(), once()]}


def test_the_kl_passes_exact_and_sampled():
    for inputs in places("TrainingStep"):
        assert judge("TrainingStep", inputs, **step(inputs)) is None
        assert judge("TrainingStep", inputs, **step(inputs, sampled=1)) is None


@pytest.mark.parametrize(
    ("told", "factor"),
    [
        ("it is counted twice", lambda b, d: 2),
        ("it is halved", lambda b, d: 0.5),
        ("it is summed over the batch; average", lambda b, d: b),
        ("divided by the size of the batch twice", lambda b, d: 1 / b),
        ("once too often, and counted twice", lambda b, d: 2 / b),
        ("by the number of pixels; nats", lambda b, d: 1 / 784),
        ("averaged over the latents; sum", lambda b, d: 1 / d),
        ("its sign is reversed, so", lambda b, d: -1),
        ("add the KL of the posterior to the given prior", lambda b, d: 7),
    ],
)
def test_every_wrong_factor_has_its_name(told, factor):
    for inputs in places("TrainingStep"):
        c = factor(inputs["batch"], inputs["encoded_size"])
        seen = step(inputs, loss=lambda *both, c=c: c * oracle.gaussian_kl(*both))
        assert told in judge("TrainingStep", inputs, **seen)
        assert told in judge("TrainingStep", inputs, **step(inputs, sampled=c))


def diagonal(mean, scale, loc, root):
    std = np.sqrt((scale**2).sum(-1))
    return oracle.gaussian_kl(mean, std[..., None] * np.eye(mean.shape[1]), loc, root)


def test_other_quantities_have_their_names():
    inputs = CHECKS["TrainingStep"].inputs(None)

    def told(loss, inputs=inputs):
        return judge("TrainingStep", inputs, **step(inputs, loss=loss))

    assert "correlations between the latents" in told(diagonal)
    assert "the posterior comes first" in told(lambda m, s, a, r: oracle.gaussian_kl(a, r, m, s))
    assert "taken at the mean" in told(
        lambda m, s, a, r: oracle.log_normal(m, m, s) - oracle.log_normal(m, a, r)
    )
    assert "the entropy of the posterior is missing" in told(
        lambda m, s, a, r: (
            oracle.gaussian_kl(m, s, a, r)
            + 1.5 * np.log(2 * np.pi * np.e)
            + np.linalg.slogdet(s)[1]
        )
    )
    for other in places("TrainingStep")[1:]:
        assert "to a standard normal, not to the prior" in told(
            lambda m, s, a, r: oracle.gaussian_kl(
                m, s, 0 * a, np.broadcast_to(np.eye(s.shape[-1]), s.shape)
            ),
            other,
        )


def test_losses_of_the_wrong_form_and_gradients_that_are_kept_back_are_told():
    inputs = CHECKS["TrainingStep"].inputs(None)
    assert "a loss of shape (300,), expected one number" in judge("TrainingStep", added=[[], [300]])
    assert "carries no KL" in judge("TrainingStep", losses=[0.0], mean=None)
    assert "returns no distribution" in judge("TrainingStep", losses=[3.0], mean=None)
    assert "but 0 times its gradient" in judge("TrainingStep", **step(inputs, share=0.0))
    assert "nan times" in judge("TrainingStep", **{**step(inputs), "losses": [np.nan, np.nan]})


def test_what_the_probes_return_crosses_the_border():
    inputs = CHECKS["Gaussian"].inputs(None)
    seen = wire.unpack(wire.pack(drawn(inputs)))
    assert judge("Gaussian", **seen) is None
    inputs = CHECKS["TrainingStep"].inputs(np.random.default_rng(3))
    assert judge("TrainingStep", wire.unpack(wire.pack(inputs)), **step(inputs)) is None
