"""What the judges of ``tfp_encoder`` say of Gaussians and losses made by hand: no TensorFlow."""

import re

import numpy as np
import pytest
from seeds import seeds

from autograder import checks
from autograder.exercises.tfp_encoder.encoder import FEW, MANY
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.common import prior_moments
from autograder.exercises.tfp_encoder.judging.derivatives import problem_of_outputs
from autograder.exercises.tfp_encoder.judging.gaussian.form import is_unlikely, strangeness
from autograder.exercises.tfp_encoder.probes import CALLS, CODES, REPEATS

CHECKS = {check.name: check for check in checks.load("tfp_encoder").checks}
SEEDS = seeds(20)


def places(name):
    """Return the announced inputs of a check and some hidden ones."""
    return [
        CHECKS[name].inputs(None),
        *(CHECKS[name].inputs(np.random.default_rng(s)) for s in SEEDS),
    ]


def judge(name, inputs=None, **seen):
    check = CHECKS[name]
    return check.judge(inputs or check.inputs(None), seen, None)


def posterior(rng, batch, size):
    """Return mean and root of random Gaussians."""
    lower = np.tril(rng.normal(0, 0.5, (batch, size, size)), -1)
    return rng.normal(0.5, 0.5, (batch, size)), lower + np.eye(size) * rng.uniform(
        0.3, 1, (batch, 1, size)
    )


def drawn_from(rng, mean, root):
    return mean + np.einsum("bij,bj->bi", root, rng.normal(size=mean.shape))


# Derivatives: of an encoder whose weights are the elements of mean and root themselves


def derivatives(inputs, of_mean=1.0, of_root=1.0, sampled=False):
    """Return what is seen if some of the gradient passes to the mean, and some to the root."""
    rng, size = np.random.default_rng(4), inputs["encoded_size"]
    mean, root = posterior(rng, 1, size)
    root = 0.4 * root
    lower = np.tril_indices(size)
    loc, std = prior_moments(inputs)

    def gradient(by_mean, by_root):
        return np.concatenate([of_mean * by_mean, of_root * by_root[lower]])

    def step(batch):
        noise = rng.normal(size=(batch, size))
        code = mean + noise @ root[0].T
        by_mean = (code - loc) / std**2
        by_root = by_mean[:, :, None] * noise[:, None] - np.linalg.inv(root[0]).T
        if not sampled:
            by_mean, by_root = oracle.gaussian_kl_gradient(mean, root, loc, np.diag(std))
        log_p = oracle.log_normal(code, loc, np.broadcast_to(np.diag(std), (batch, size, size)))
        log_q = oracle.log_normal(code, mean, np.broadcast_to(root, (batch, size, size)))
        loss = (log_q - log_p).mean()
        seen = {"mean": mean, "root": root, "code": code[:1], "loss": loss}
        return {**seen, "by_weights": gradient(by_mean.mean(0), by_root.mean(0))}

    along = rng.normal(size=size)

    def code(batch):
        eps = rng.normal(size=(batch, size))
        by_weights = gradient(batch * along, np.outer(along, eps.sum(0)))
        return {
            "mean": mean,
            "root": root,
            "code": mean + eps @ root[0].T,
            "by_weights": by_weights,
        }

    return {
        "before": {"mean": mean, "root": root},
        "by_output": np.eye(size + len(lower[0])),
        "along": along,
        "code": code(1),
        "code_of_batch": code(inputs["batch"]),
        "steps": [step(1), *([step(MANY) for _ in range(REPEATS)] if sampled else [])],
        "step_of_batch": step(inputs["batch"]),
        "slopes": np.ones((2, 2, 4)),
    }


# The Gaussian


def drawn(inputs, scale_of=lambda scale: scale, **changes):
    """Return what Gaussian observes of a right encoder, with changes of all calls."""
    rng, size = np.random.default_rng(1), inputs["encoded_size"]
    mean, root = posterior(rng, MANY, size)
    root = scale_of(root)
    z = mean + rng.normal(size=mean.shape)

    def call(count):
        seen = {"mean": mean[:count], "root": root[:count]}
        seen["code"] = drawn_from(rng, seen["mean"], seen["root"])
        return {**seen, **{key: value(seen) for key, value in changes.items()}}

    first = {**call(MANY), "log_prob": oracle.log_normal(z, mean, root)}
    modes = ("inference", "training")
    few = {mode: [call(FEW) for _ in range(CODES)] for mode in modes}
    calls = {mode: [call(MANY) for _ in range(CALLS)] for mode in modes}
    calls["inference"][0] = first
    calls["turned"] = call(MANY)
    return {"z": z, **calls, "few": few, "derivatives": derivatives(inputs)}


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
        ("down to −", lambda s: s - 0.6 * np.eye(s.shape[-1])),
        ("is not finite", lambda s: s * np.nan),
    ],
)
def test_what_is_wrong_with_the_scale_is_told(told, scale_of):
    for inputs in places("Gaussian")[:5]:
        with np.errstate(all="ignore"):
            seen = drawn(inputs, scale_of)
        assert told in judge("Gaussian", inputs, **seen)


def half(seen):
    return (drawn_from(np.random.default_rng(3), seen["mean"], seen["root"]) + seen["mean"]) / 2


def without_correlations(seen, rng=np.random.default_rng(3)):  # noqa: B008 (one stream)
    std = np.sqrt((seen["root"] ** 2).sum(-1))
    return seen["mean"] + std * rng.normal(size=std.shape)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("turns into its mean", lambda seen: seen["mean"]),
        ("one code for each image", lambda seen: np.zeros((10, *seen["mean"].shape))),
        (
            "get the same noise",
            lambda seen: drawn_from(np.random.default_rng(3), seen["mean"], seen["root"]),
        ),
        ("get the same noise", half),
        ("must be samples of it", without_correlations),
    ],
)
def test_codes_that_are_no_samples_are_told(told, code):
    inputs = CHECKS["Gaussian"].inputs(None)
    assert told in judge("Gaussian", inputs, **drawn(inputs, code=code))


def uniform(rng, shape):
    return rng.uniform(-np.sqrt(3), np.sqrt(3), shape)


def skewed(rng, shape):
    noise = np.abs(rng.normal(size=shape))
    return np.where(noise < np.sqrt(2 * np.log(2)), noise, -noise)


def of_one_size(rng, shape):
    return np.abs(rng.normal(size=(shape[0], 1))) * rng.choice([-1, 1], shape)


def reversed_second_half(rng, shape):
    noise = rng.normal(size=shape)
    return np.concatenate([noise[: len(noise) // 2], -noise[: (len(noise) + 1) // 2]])


def turned_around_and_exchanged(rng, shape):
    noise = rng.normal(size=shape)
    noise[len(noise) // 2 :] = noise[: (len(noise) + 1) // 2][::-1, ::-1]
    return noise


def overlapping(rng, shape):
    noise = rng.normal(size=sum(shape))
    return np.stack([noise[i : i + shape[1]] for i in range(shape[0])])


def carried_on(rng, shape):
    noise = rng.normal(size=shape)
    for i in range(1, len(noise)):
        noise[i] = 0.6 * noise[i - 1] + 0.8 * noise[i]
    return noise


NOISE = {
    uniform: "not drawn from a normal distribution",
    skewed: "not drawn from a normal distribution",
    of_one_size: "are both close to the mean, or both far from it",
    reversed_second_half: "perhaps with other signs",
    turned_around_and_exchanged: "perhaps with other signs or in another order",
    overlapping: "the noise of one code is used for another",
    carried_on: "the noise of one code is used for another",
}


@pytest.mark.parametrize(("noise", "told"), NOISE.items())
def test_noise_of_another_kind_is_told(noise, told):
    for inputs in places("Gaussian")[:4]:
        rng = np.random.default_rng(8)

        def code(seen, rng=rng):
            away = noise(rng, seen["mean"].shape)
            return seen["mean"] + np.einsum("bij,bj->bi", seen["root"], away)

        assert told in judge("Gaussian", inputs, **drawn(inputs, code=code))


def test_bounds_of_noise_are_not_wider_than_needed_nor_narrower():
    for share, expected in ((0.52, False), (0.58, True)):
        assert is_unlikely(share, 0.5, 4000, 500) == expected
    assert not is_unlikely(0.0, 0.01, 1000, 10)
    assert is_unlikely(0.0, 0.03, 1000, 10)
    rng = np.random.default_rng(0)
    assert all(strangeness(rng.normal(size=(8, 100, 4))) is None for _ in range(300))


def test_a_distribution_that_is_no_tensor_is_told():
    inputs = CHECKS["Gaussian"].inputs(None)
    told = judge("Gaussian", inputs, **drawn(inputs, stand_in=lambda seen: 1.0))
    assert "end it with a layer of tfp.layers" in told


def test_each_mode_is_compared():
    inputs = CHECKS["Gaussian"].inputs(None)
    right = drawn(inputs)
    for mode, where in (("inference", "at inference"), ("training", "in training")):
        calls = [{**call, "code": (call["code"] + call["mean"]) / 2} for call in right[mode]]
        few = {
            **right["few"],
            mode: [{**c, "code": (c["code"] + c["mean"]) / 2} for c in right["few"][mode]],
        }
        found = judge("Gaussian", inputs, **{**right, mode: calls, "few": few})
        assert re.search(rf"{where}, .* lie 0\.(4|5)\d* standard deviations", found)
    other = [{**call, "root": 1.1 * call["root"]} for call in right["training"]]
    assert "has another scale" in judge("Gaussian", inputs, **{**right, "training": other})


def test_family_and_shapes_are_compared():
    inputs = CHECKS["Gaussian"].inputs(None)
    right = drawn(inputs)

    def told(**changes):
        first, *others = right["inference"]
        return judge("Gaussian", inputs, **{**right, "inference": [{**first, **changes}, *others]})

    assert "batch shape (100, 3) and event shape ()" in told(log_prob=np.zeros((MANY, 3)))
    assert "batch shape () and event shape (100, 3)" in told(log_prob=np.zeros(()))
    density = right["inference"][0]["log_prob"]
    assert "it is not a Gaussian" in told(log_prob=density + 0.1)


@pytest.mark.parametrize(
    ("told", "shares"),
    [
        ("No gradient passes", (0.0, 0.0)),
        ("0.7 times the gradient passes to the mean and 1 times", (0.7, 1.0)),
        ("1 times the gradient passes to the mean and 0 times", (1.0, 0.0)),
    ],
)
def test_gradients_of_codes_are_compared_for_mean_and_scale_apart(told, shares):
    for inputs in places("Gaussian")[:3]:
        seen = {**drawn(inputs), "derivatives": derivatives(inputs, *shares)}
        assert told in judge("Gaussian", inputs, **seen)


# The KL


def step(inputs, sampled=False, loss=None, shares=(1.0, 1.0)):
    """Return what TrainingStep observes if ``loss`` computes the loss; by default the KL."""
    rng, size = np.random.default_rng(inputs["seed"]), inputs["encoded_size"]
    loc, std = prior_moments(inputs)

    def some(batch):
        mean, root = posterior(rng, batch, size)
        both = (
            mean,
            root,
            np.broadcast_to(loc, mean.shape),
            np.broadcast_to(np.diag(std), root.shape),
        )
        calls = []
        for _ in range(REPEATS if sampled else 2):
            code = drawn_from(rng, mean, root)
            value = (loss or oracle.gaussian_kl)(*both).mean()
            if sampled:  # at a code of its own
                z = drawn_from(rng, mean, root)
                ratio = oracle.log_normal(z, *both[:2]) - oracle.log_normal(z, *both[2:])
                value = sampled * ratio.mean()
            calls.append({"mean": mean, "root": root, "code": code, "loss": value})
        return calls

    seen = {name: some(MANY) for name in ("anywhere", "near", "far")}
    seen |= {name: some(FEW) for name in ("features", "outputs")}
    seen["batch"] = some(inputs["batch"])
    seen["state"] = False
    return {**seen, "derivatives": derivatives(inputs, *shares, sampled=bool(sampled))}


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
        c = factor(MANY, inputs["encoded_size"])
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


@pytest.mark.parametrize("share", [1.01, 0.99])
def test_one_per_cent_of_the_kl_shows(share):
    for inputs in places("TrainingStep"):
        seen = step(inputs, loss=lambda *both: share * oracle.gaussian_kl(*both))
        assert f"carries {share} times the KL" in judge("TrainingStep", inputs, **seen)


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("in batches of another size", "batch"),
        ("free bits", "near"),
        ("upper limit", "far"),
        ("penalty, such as a kernel_regularizer", "features"),
        ("penalty, such as a kernel_regularizer", "outputs"),
    ],
)
def test_a_loss_that_is_right_elsewhere_only_is_told(told, place):
    for inputs in places("TrainingStep")[:5]:
        seen = step(inputs)
        seen[place] = [{**call, "loss": 1.05 * call["loss"]} for call in seen[place]]
        assert told in judge("TrainingStep", inputs, **seen)


@pytest.mark.parametrize("sampled", [False, 1])
@pytest.mark.parametrize("shares", [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (0.98, 0.98)])
def test_gradients_of_the_kl_are_compared_for_mean_and_scale_apart(shares, sampled):
    for inputs in places("TrainingStep")[:5]:
        seen = step(inputs, sampled=sampled, shares=shares)
        assert "keeps training from lowering it" in judge("TrainingStep", inputs, **seen)


@pytest.mark.parametrize("check", ["Gaussian", "TrainingStep"])
def test_gradients_of_batches_are_compared_too(check):
    for inputs in places(check)[:3]:
        right, wrong = (derivatives(inputs, *shares) for shares in ((1, 1), (0, 0)))
        right |= {name: wrong[name] for name in ("code_of_batch", "step_of_batch")}
        seen = drawn(inputs) if check == "Gaussian" else step(inputs)
        found = judge(check, inputs, **{**seen, "derivatives": right})
        assert "of a batch of images" in found or "for a batch of images" in found


@pytest.mark.parametrize(("place", "name"), [(0, "mean"), (1, "scale")])
def test_gradients_that_are_not_the_slopes_of_values_are_told(place, name):
    for inputs in places("Gaussian")[:3]:
        seen = derivatives(inputs)
        seen["slopes"][1, place] = 0.5, 0.5, -0.5, 1
        told = judge("Gaussian", inputs, **{**drawn(inputs), "derivatives": seen})
        assert f"of layer 2 the {name} of the Gaussian has the slope 0.5" in told
        seen["slopes"][1, place] = -0.5, 0.9, -0.5, 1  # beside a kink one of the slopes is right
        assert judge("Gaussian", inputs, **{**drawn(inputs), "derivatives": seen}) is None


def test_a_scale_of_too_few_numbers_is_told():
    for inputs in places("Gaussian")[:3]:
        seen = derivatives(inputs)
        count = len(seen["by_output"])
        seen["by_output"][-1] = seen["by_output"][-2]
        told = problem_of_outputs(inputs, seen)
        assert f"have {count} elements, but depend on only {count - 1} independent" in told


def test_a_loss_that_depends_on_a_state_is_told():
    for inputs in places("TrainingStep")[:3]:
        told = judge("TrainingStep", inputs, **{**step(inputs), "state": True})
        assert "keeps a count or a state" in told


def test_losses_of_the_wrong_form_are_told():
    inputs = CHECKS["TrainingStep"].inputs(None)
    right = step(inputs)

    def told(**changes):
        calls = [{**call, **changes} for call in right["anywhere"]]
        return judge("TrainingStep", inputs, **{**right, "anywhere": calls})

    assert "a loss of shape (100,), expected one number" in told(loss=np.zeros(100))
    assert "carries no KL" in told(loss=0.0)
    assert "nan times" in told(loss=np.nan)
    location = [{"mean": np.zeros((MANY, 9)), "loss": 3.0}]
    assert "returns no distribution" in judge("TrainingStep", inputs, anywhere=location)
