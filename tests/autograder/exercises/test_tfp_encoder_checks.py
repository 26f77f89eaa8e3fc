"""What the checks of ``tfp_encoder`` compute, and what they say of observations made by hand."""

import numpy as np
import pytest
from seeds import seeds

from autograder import checks
from autograder.checks import solutions
from autograder.exercises.tfp_encoder.encoder import FEW
from autograder.exercises.tfp_encoder.judging import oracle
from autograder.exercises.tfp_encoder.judging.prior import CODES
from autograder.exercises.tfp_encoder.judging.stack import VIEWS
from autograder.exercises.tfp_encoder.weights import GAIN, arrange, pictures, stack_weights

EXERCISE = checks.load("tfp_encoder")
CHECKS = {check.name: check for check in EXERCISE.checks}
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


# The oracle


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(5, 1, "same"), (5, 2, "same"), (7, 1, "valid"), (3, 2, "same")]
)
def test_convolutions_are_those_of_tensorflow(size, stride, padding):
    import tensorflow as tf

    rng = np.random.default_rng(size)
    x, kernel = rng.normal(size=(2, 14, 14, 3)), rng.normal(size=(size, size, 3, 4))
    wanted = tf.nn.conv2d(x, kernel, stride, padding.upper()).numpy()
    np.testing.assert_allclose(oracle.convolve(x, kernel, stride, padding), wanted, atol=1e-12)


def gaussians(seed, batch=4, size=3):
    """Return mean and scale of random Gaussians, and of others, in double precision."""
    rng = np.random.default_rng(seed)

    def scales():
        lower = np.tril(rng.normal(size=(batch, size, size)), -1)
        return lower + np.eye(size) * rng.uniform(0.3, 2, (batch, 1, size))

    return rng.normal(size=(batch, size)), scales(), rng.normal(size=(batch, size)), scales()


@pytest.mark.parametrize("seed", range(3))
def test_density_and_divergence_are_those_of_tensorflow_probability(seed):
    import tensorflow_probability as tfp

    mean, scale, loc, root = gaussians(seed)
    q = tfp.distributions.MultivariateNormalTriL(mean, scale)
    p = tfp.distributions.MultivariateNormalTriL(loc, root)
    np.testing.assert_allclose(oracle.log_normal(loc, mean, scale), q.log_prob(loc), rtol=1e-9)
    np.testing.assert_allclose(
        oracle.gaussian_kl(mean, scale, loc, root), q.kl_divergence(p), rtol=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_one_sample_estimates_of_the_kl_spread_as_the_bound_assumes(seed):
    mean, scale, loc, root = (x[:1] for x in gaussians(seed))
    draws = 200_000
    eps = np.random.default_rng(seed).normal(size=(draws, mean.shape[1]))
    z = mean + eps @ scale[0].T
    ratio = oracle.log_normal(z, mean, scale) - oracle.log_normal(z, loc, root)
    kl, std = (f(mean, scale, loc, root)[0] for f in (oracle.gaussian_kl, oracle.sampled_kl_std))
    assert ratio.mean() == pytest.approx(kl, abs=6 * std / np.sqrt(draws))
    assert ratio.std() == pytest.approx(std, rel=0.03)


def test_the_gradient_of_the_divergence_is_that_of_tensorflow_probability():
    import tensorflow as tf
    import tensorflow_probability as tfp

    mean, scale, loc, root = (tf.constant(x) for x in gaussians(5))
    with tf.GradientTape() as tape:
        tape.watch((mean, scale))
        q = tfp.distributions.MultivariateNormalTriL(mean, scale)
        kl = q.kl_divergence(tfp.distributions.MultivariateNormalTriL(loc, root))
    by_mean, by_scale = tape.gradient(kl, (mean, scale))
    found = oracle.gaussian_kl_gradient(*(x.numpy() for x in (mean, scale, loc, root)))
    np.testing.assert_allclose(found[0], by_mean, rtol=1e-9)
    np.testing.assert_allclose(np.tril(found[1]), np.tril(by_scale), rtol=1e-9, atol=1e-12)


def test_a_scale_without_inverse_has_no_gradient():
    mean, scale, loc, root = gaussians(0)
    scale[1, 2, 2] = 0
    by_scale = oracle.gaussian_kl_gradient(mean, scale, loc, root)[1]
    assert np.isnan(by_scale).all((-2, -1)).tolist() == [False, True, False, False]


# The prior


def priors(inputs, mean=0.0, std=1.0, **changes):
    """Return what is seen of a normal prior of each size."""
    found = []
    for z in inputs["z"]:
        away = (z.astype(float) - mean) / std
        log_prob = (-0.5 * (away**2 + np.log(2 * np.pi)) - np.log(std)).sum(-1)
        size = z.shape[1]
        sample = np.random.default_rng(size).normal(mean, std, z.shape)
        one = {"shape": list(z.shape), "dtype": "float32", "log_prob": log_prob, "sample": sample}
        found.append({**one, **changes})
    return {"found": found}


def test_the_standard_normal_passes_in_single_precision():
    for inputs in places("PriorDensity"):
        found = priors(inputs)["found"]
        for one in found:
            one["log_prob"] = one["log_prob"].astype(np.float32)
        assert judge("PriorDensity", inputs, found=found) is None
        assert judge("PriorShape", inputs, found=found) is None


@pytest.mark.parametrize(("mean", "std"), [(1.0, 1.0), (0.0, 2.0), (-0.5, 0.5)])
def test_mean_and_deviation_of_another_prior_are_read_off_its_density(mean, std):
    for inputs in places("PriorDensity"):
        told = judge("PriorDensity", inputs, **priors(inputs, mean, std))
        mean_told, std_told = f"{mean:g}".replace("-", "−"), f"{std:g}"
        assert f"to have mean {mean_told} and standard deviation {std_told} instead" in told


def test_samples_of_another_prior_than_the_density_says_are_told():
    inputs = CHECKS["PriorDensity"].inputs(None)
    found = priors(inputs)["found"]
    found[0]["sample"] *= [1.0, 1.0, 2.0]
    assert "Its density is right, but" in judge("PriorDensity", inputs, found=found)


def test_samples_of_the_right_moments_must_be_normal_and_independent():
    inputs = CHECKS["PriorDensity"].inputs(None)
    rng = np.random.default_rng(1)
    uniform = rng.uniform(-np.sqrt(3), np.sqrt(3), (CODES, 3))
    told = judge("PriorDensity", inputs, **priors(inputs, sample=uniform))
    assert "not drawn from a normal distribution" in told
    half = rng.normal(size=(CODES // 2, 3))
    told = judge("PriorDensity", inputs, **priors(inputs, sample=np.concatenate([half, -half])))
    assert "some are the same, perhaps with other signs" in told


def test_shapes_and_type_of_the_prior_are_read_off_its_graph():
    inputs = CHECKS["PriorShape"].inputs(None)

    def told(**changes):
        return judge("PriorShape", inputs, **priors(inputs, **changes))

    assert "tfd.Independent makes one" in told(log_prob=np.zeros((CODES, 3)))
    fixed = [{"shape": [CODES, 16], "dtype": "float32"}]
    assert "must be encoded_size" in judge("PriorShape", inputs, found=fixed)
    batch = [{"shape": [CODES, 1, 3], "dtype": "float32"}]
    assert "not a batch" in judge("PriorShape", inputs, found=batch)
    assert "type float64" in told(dtype="float64")


# The stack


def kernels(inputs):
    sizes = inputs["shape"][-1], inputs["encoded_size"], inputs["base_depth"]
    return oracle.kernel_shapes(*sizes)


def weights(inputs, outputs=9):
    """Return the shapes of the weights of a right encoder."""
    layers = [*kernels(inputs), (4 * inputs["encoded_size"], outputs)]
    return [shape for kernel in layers for shape in (kernel, kernel[-1:])]


def means(inputs, view=lambda x: x - 0.5, gain=1.0, **changes):
    given = stack_weights(kernels(inputs), inputs["seed"], gain)
    found = oracle.stack_mean(view(pictures(inputs, FEW).astype(float)), *given, **changes)
    return found[..., None].repeat(inputs["encoded_size"], -1)


def stack(inputs, found, shapes=None, view=lambda x: x - 0.5, **changes):
    """Return what the judge says if the means of all modes are the same."""
    seen = {"shapes": shapes or weights(inputs), "frozen": [], "training": found, "again": found}
    seen |= {"together": found[1], "large": means(inputs, view, GAIN)[0]}
    return judge("Stack", inputs, **{**seen, "inference": found, **changes})


@pytest.mark.slow
def test_a_right_stack_passes_whatever_is_done_to_its_input_and_however_its_head_is_cut():
    for inputs in places("Stack")[:6]:
        for view in VIEWS:
            found = means(inputs, view).astype(np.float32)
            assert stack(inputs, found, view=view) is None
        heads = [*weights(inputs)[:-2], (4 * inputs["encoded_size"], 2), (2,)]
        assert stack(inputs, means(inputs), [*heads, *weights(inputs)[-2:]]) is None
        assert stack(inputs, means(inputs), inference=[]) is None  # no distribution: another part


@pytest.mark.slow
@pytest.mark.parametrize(
    ("told", "changes"),
    [
        ("seem to be relu", {"activations": ["relu"] * 5}),
        ("seem to have no activation", {"activations": ["none"] * 5}),
        ("the slope 0.3", {"activations": ["leaky 0.3"] * 5}),
        ("seem to be tanh", {"activations": ["tanh"] * 5}),
        ("last convolution seems to be none", {"activations": ["leaky"] * 4 + ["none"]}),
        ("seem to be 2, 1, 2, 1 and 1", {"strides": [2, 1, 2, 1, 1]}),
        ("dense layer seems to have the activation relu", {"last": "relu"}),
        ("dense layer seems to have the activation elu", {"last": "elu"}),
        ("dense layer seems to have the activation leaky", {"last": "leaky"}),
        ("table of layers", {"activations": ["leaky", "tanh", "relu", "leaky", "leaky"]}),
    ],
)
def test_what_is_wrong_with_a_stack_of_the_right_weights_is_found_by_its_output(told, changes):
    for inputs in places("Stack")[:3]:
        found = means(inputs, lambda x: x, **changes)  # not centred either: another part
        assert told in stack(inputs, found)


@pytest.mark.slow
def test_a_stack_that_is_another_one_for_greys_is_told():
    for inputs in places("Stack")[:3]:
        found = means(inputs, lambda x: x**2 - 0.5)
        assert "but not for grey ones" in stack(inputs, found)


def test_frozen_layers_limits_and_statistics_of_the_batch_are_told():
    for inputs in places("Stack")[:3]:
        found, large = means(inputs), means(inputs, gain=GAIN)[0]
        assert "of layer 2 with weights: leave `trainable`" in stack(inputs, found, frozen=[3])
        assert "another one than in a batch of 2" in stack(inputs, found, together=1.1 * found[1])
        limited = np.clip(large, -abs(large).max() / 2, abs(large).max() / 2)
        assert "limit neither the features nor the mean" in stack(inputs, found, large=limited)


def test_means_that_change_from_call_to_call_or_from_mode_to_mode_are_told():
    inputs = CHECKS["Stack"].inputs(None)
    found = means(inputs)
    assert "changes from call to call" in stack(inputs, found, again=1.1 * found)
    assert "at inference, with training=False" in stack(inputs, found, inference=1.1 * found)


@pytest.mark.parametrize(
    ("told", "place", "shape"),
    [
        ("check its number of filters", 4, (5, 5, 2, 2)),
        ("check the size of its kernel", 2, (3, 3, 2, 2)),
        ("check what goes into it", 0, (5, 5, 3, 2)),
        ("Layer 2 with weights is dense with 100", 2, (100, 2)),
        ("must have padding='valid'", 10, (49 * 12, 9)),
        ("leaves 484 positions", 10, (484 * 12, 9)),
        ("has no bias", 3, (4, 1, 1, 1)),
    ],
)
def test_the_layer_with_other_weights_is_named(told, place, shape):
    inputs = CHECKS["Stack"].inputs(None)
    shapes = weights(inputs)
    shapes[place] = shape
    if place == 3:
        del shapes[3]
    assert told in judge("Stack", inputs, shapes=shapes)


def test_other_weights_and_missing_layers_are_told():
    inputs = CHECKS["Stack"].inputs(None)
    right = weights(inputs)
    assert "5 layers with weights, expected 6" in judge("Stack", shapes=right[2:])
    extra = [*right[:2], (4,), (4,), *right[2:]]
    assert "weights of shape (4,) and (4,)" in judge("Stack", shapes=extra)


def test_kernels_are_found_in_any_order_but_not_where_their_shapes_are_ambiguous():
    inputs = CHECKS["Stack"].inputs(None)
    right = weights(inputs)
    mixed = right[-2:] + right[4:6] + right[:4] + right[6:-2]
    assert [mixed[i] for i in arrange(mixed, kernels(inputs))] == right[::2]
    same = oracle.kernel_shapes(1, 3, 1)
    assert arrange([*same[::-1], (12, 9)], same) == list(range(6))


# What the stack sees


def seen_by(view, values):
    """Return what Centring observes of an encoder with two filters, whatever they are."""
    by_bias = np.array([[3.0, -0.5]] * len(values))
    uneven = np.array([[1.0, -2.0], [1.0, -2.0], [0.5, -1.0]])
    return {
        "by_kernel": by_bias * [[view(t)] for t in values],
        "by_bias": by_bias,
        "uneven": uneven,
    }


@pytest.mark.parametrize(
    ("told", "view"),
    [
        (None, lambda t: t - 0.5),
        ("the input is not centred", lambda t: t),
        ("2x − 1", lambda t: 2 * t - 1),
        ("0.5 − x", lambda t: 0.5 - t),
        ("an even image disappears", lambda t: 0.0),
        ("subtract 0.5 from every pixel", lambda t: 3.0 + t),
    ],
)
def test_what_is_done_to_the_input_is_named(told, view):
    for inputs in places("Centring"):
        problem = judge("Centring", inputs, **seen_by(view, inputs["values"]))
        assert problem is None if told is None else told in problem


def test_what_is_done_to_uneven_images_only_is_told():
    inputs = CHECKS["Centring"].inputs(None)
    seen = seen_by(lambda t: t - 0.5, inputs["values"])
    seen["uneven"][2] *= 2  # as if the contrast were stretched
    assert "stretching the contrast" in judge("Centring", inputs, **seen)
    seen["uneven"][1] *= 1.1  # another part speaks of chance
    assert judge("Centring", inputs, **seen) is None


def test_without_a_bias_an_input_of_one_half_must_look_like_nothing():
    assert judge("Centring", means=[[1.0, 2.0], [1.0, 2.0]]) is None
    told = judge("Centring", means=[[1.5, 2.0], [1.0, 2.0]])
    assert "does not see 0 where the input is 0.5" in told


def test_an_image_that_no_gradient_tells_of_is_something_else():
    nothing = np.zeros((2, 4))
    assert "sees something else and something else" in judge(
        "Centring", by_kernel=nothing, by_bias=nothing
    )


# All of them


@pytest.mark.parametrize("name", [check.name for check in EXERCISE.checks])
@pytest.mark.parametrize(
    "seen", [{}, {"found": 3, "shapes": "x", "inference": [[]]}, {"anywhere": [{"loss": "one"}]}]
)
def test_nothing_that_a_process_may_return_stops_a_judge(name, seen):
    for inputs in places(name)[:2]:
        assert isinstance(judge(name, inputs, **seen), str)


def test_a_function_that_returns_no_model_is_told_so():
    found = answers("kl", stub, lambda *_: list("abcdefghi"))
    assert found.problems == ("make_encoder returned a list of 9, expected a model of tf_keras.",)


def answers(part, make_prior, make_encoder):
    return EXERCISE.check(part, make_prior, make_encoder)


def stub(*arguments):
    raise NotImplementedError


def unregistered(input_shape, encoded_size, base_depth, prior):
    raise_from_inside(prior)


def raise_from_inside(prior):
    raise NotImplementedError("No KL(distribution_a || distribution_b) registered")


@pytest.mark.slow
def test_the_parts_of_the_encoder_do_not_need_the_prior_of_the_student():
    _, make_encoder = solutions.answers(EXERCISE.name, EXERCISE.answers)
    for part in EXERCISE.parts[1:]:
        assert answers(part.name, stub, make_encoder).passed


def test_the_prior_does_not_need_the_encoder():
    make_prior, _ = solutions.answers(EXERCISE.name, EXERCISE.answers)
    assert answers("prior", make_prior, stub).passed


def test_an_error_of_tfp_is_no_stub():
    found = answers("kl", stub, unregistered)
    assert found.attempted
    assert "No KL(distribution_a || distribution_b) registered" in found.problems[0]
