"""What the judges of ``sampling`` say of observations made by hand: no layer, no TensorFlow."""

import math

import numpy as np
import pytest
from seeds import seeds

from autograder import checks
from autograder.exercises.sampling.contract import BATCHES, MODES
from autograder.exercises.sampling.probes import DRAWN, MAIN, WIDE, WIDE_CALLS
from autograder.exercises.sampling.statistics import (
    compared,
    correlation,
    distinct,
    recurring,
    related,
    repetitions,
    together,
)

CHECKS = {check.name: check for check in checks.load("sampling").checks}
SEEDS = seeds(12)
LARGE, SMALL = BATCHES[MAIN][0], BATCHES[WIDE][0]


def judge(name, seen, inputs=None):
    return CHECKS[name].judge(inputs or CHECKS[name].inputs(None), seen, None)


def hidden(name, seed=0):
    return CHECKS[name].inputs(np.random.default_rng(seed))


def modes(found, **other):
    return {mode: other.get(mode, found) for mode in MODES}


def of_latents(noise):
    """Return what the probe of latents sees of noise for some calls: (calls, batch, latents)."""
    within = distinct(noise)
    within = within - within.mean(axis=1, keepdims=True)
    return {**correlation(within.reshape(-1, noise.shape[2])), "number": None}


def of_examples(noise):
    within = distinct(noise)
    within = within - within.mean(axis=2, keepdims=True)
    found = correlation(np.moveaxis(within, 1, 2).reshape(-1, noise.shape[1]))
    return {**found, "again": recurring(distinct(noise)), "together": together(distinct(noise))}


def independence(noise_of):
    """Return whether each of the two checks finds noise that is shared."""
    calls, wide = WIDE_CALLS, (WIDE_CALLS, SMALL, WIDE)
    tall = np.broadcast_to(noise_of(1, LARGE, MAIN), (1, LARGE, MAIN))
    wide = np.broadcast_to(noise_of(calls, SMALL, WIDE), wide)
    latents = {"few": modes(of_latents(tall)), "many": modes(of_latents(wide)), "random": True}
    small, large = modes(of_examples(wide)), modes(repetitions(tall[0]))
    examples = {"small": small, "large": large, "random": True}
    return (
        judge("OneForEachLatent", latents) is not None,
        judge("OneForEachExample", examples) is not None,
    )


def test_noise_of_its_own_for_every_number_passes():
    for seed in range(3):
        draw = np.random.default_rng(seed).standard_normal
        assert independence(lambda c, b, d, draw=draw: draw((c, b, d))) == (False, False)


NOT_CORRELATED = {"correlation": 0.0, "of_sizes": 0.0, "draws": 2560, "again": 0.0}
NOT_CORRELATED |= {"together": {"ratio": 1.0, "calls": 40}}


def test_sizes_that_are_shared_fail_though_their_signs_are_not():
    rng = np.random.default_rng(0)

    def sign(*shape):
        return rng.choice([-1, 1], shape)

    def draw(*shape):
        return np.abs(rng.standard_normal(shape))

    def shuffled(c, b, d):
        half = draw(c, b // 2, d)
        return sign(c, b, d) * np.concatenate([half, rng.permutation(half, axis=1)], axis=1)

    def rolled(c, b, d):
        half = draw(c, b // 2, d)
        return sign(c, b, d) * np.concatenate([half, half], axis=1)

    assert independence(lambda c, b, d: draw(c, b, 1) * sign(c, b, d))[0]
    assert independence(lambda c, b, d: draw(c, 1, d) * sign(c, b, d))[1]
    assert independence(shuffled) == (False, True)
    assert independence(rolled) == (False, True)


def test_each_kind_of_sharing_fails_one_of_the_two_checks():
    draw = np.random.default_rng(0).standard_normal

    def tiled(c, b, d):
        return np.tile(draw((c, b // 2, d)), (1, 2, 1))

    assert independence(lambda c, b, d: draw((c, b, 1))) == (True, False)
    assert independence(lambda c, b, d: draw((c, 1, d))) == (False, True)
    assert independence(lambda c, b, d: draw((1, b, d))) == (False, False)  # repeated, not shared
    assert independence(tiled) == (False, True)
    assert independence(lambda c, b, d: draw((c, b, d)) + draw((c, 1, d))) == (False, True)
    assert independence(lambda c, b, d: draw((c, b, d)) + draw((c, b, 1))) == (True, False)


@pytest.mark.parametrize("distance", [1, 100, 5000, LARGE // 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_noise_that_comes_again_in_a_large_batch_is_found_at_any_distance(distance, sign):
    noise = np.random.default_rng(1).standard_normal((LARGE, MAIN))
    again = noise + sign * np.roll(noise, distance, axis=0)
    found = repetitions(again)
    assert found["distance"] == distance
    seen = {"small": modes(NOT_CORRELATED), "large": modes(found)}
    problem = judge("OneForEachExample", seen)
    assert "with the noise" in problem
    assert "codes further on" in problem


def test_noise_in_reverse_order_is_found():
    half = np.random.default_rng(1).standard_normal((LARGE // 2, MAIN))
    found = repetitions(np.concatenate([half, half[::-1]]))
    assert found["distance"] is None
    assert found["correlation"] > 0.9


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"correlation": 1.0}, "one noise serves both; draw"),
        ({"correlation": -1.0}, "its sign reversed"),
        ({"correlation": 0.4}, "independently"),
        ({"correlation": np.nan}, "nan"),
        ({"number": 3.25}, "are the same"),
        ({"number": -2.0}, "they are the mean itself"),
    ],
)
def test_the_cause_of_a_correlation_is_told_by_its_value(found, told):
    seen = NOT_CORRELATED | {"draws": LARGE, "number": None} | found
    assert told in judge("OneForEachLatent", {"few": modes(seen), "many": {}, "random": False})


def test_codes_without_noise_at_inference_are_left_to_spread_and_freshness():
    right = NOT_CORRELATED | {"draws": LARGE, "number": None}
    seen = {"few": modes(right, inference={**right, "number": -2.0}), "many": {}, "random": True}
    assert judge("OneForEachLatent", seen) is None


UNRELATED = {
    "related": {"rearranged": 0.0, "correlation": 0.0, "of_sizes": 0.0, "draws": 6000},
}
FRESH = {"same": 0.0, "at_once": 0.0, "chance": 0.0, "number": None}
REPEATED = {"same": 1.0, "at_once": 1.0, "chance": 0.0, "number": None}
SILENT = {"same": 1.0, "at_once": 1.0, "chance": 0.0, "number": -2.0}
CONSTANT = {"same": 1.0, "at_once": 1.0, "chance": 0.0, "number": -2.0 + math.exp(1.3 / 2)}


@pytest.mark.parametrize("few", [0.0, 0.01])
def test_fresh_noise_passes_though_half_precision_makes_a_few_numbers_equal(few):
    seen = {"same": few, "at_once": few, "chance": 0.0, "number": None}
    assert judge("Fresh", {**modes(seen), "among_modes": 0.0, "random": True, **UNRELATED}) is None


@pytest.mark.parametrize(
    ("told", "seen", "among_modes"),
    [
        ("calls of the layer in training gave the same numbers in 100%", modes(REPEATED), 1.0),
        ("a fixed seed", modes(REPEATED), 1.0),
        ("frozen when it is traced", modes(REPEATED), 0.0),
        ("in training gave the mean itself", modes(SILENT), 1.0),
        ("gave mean + exp(log_var / 2), expected", modes(CONSTANT), 1.0),
        ("noise is drawn, but it is not used", modes(CONSTANT), 1.0),
        ("in 50% of the latents", modes({**REPEATED, "same": 0.5}), 0.0),
        ("every latent needs noise", modes({**REPEATED, "same": 0.5}), 0.0),
        ("noise of one latent, or of one code", modes({**FRESH, "at_once": 1.0}), 0.0),
        ("as fresh at inference", modes(FRESH, inference=REPEATED), 0.0),
        ("whatever `training` is", modes(FRESH, inference=SILENT), 0.0),
        ("without the argument `training`", modes(FRESH, plain=REPEATED), 0.0),
    ],
)
def test_what_is_repeated_and_where_is_told(told, seen, among_modes):
    assert told in judge("Fresh", {**seen, "among_modes": among_modes, "random": True})


def after(change):
    """Return noise of calls, of which every second one is made of the one before."""
    calls = np.random.default_rng(0).standard_normal((6, SMALL, WIDE))
    return np.stack([each for call in calls for each in (call, change(call))])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda call: -call, "comes again in another one, as it was or with other signs"),
        (lambda call: call[::-1], "in another order"),
        (lambda call: -call[:, ::-1], "in another order"),
        (lambda call: call[np.random.default_rng(1).permutation(SMALL)], "in another order"),
        (lambda call: call.ravel()[::-1].reshape(call.shape), "in another order"),
        (lambda call: np.concatenate([call[:50] * 0 + call[50:], -call[:50]]), "another order"),
        (lambda call: call * 0.8 + 0.6 * call[::-1, ::-1], "The noises of two calls"),
    ],
)
def test_noise_that_is_made_of_that_of_another_call_is_not_fresh(change, told):
    seen = {
        **modes(FRESH),
        "among_modes": 0.0,
        "random": True,
        "related": related(after(change)[:, np.newaxis]),
    }
    assert told in judge("Fresh", seen)


def test_independent_calls_are_not_related():
    noise = np.random.default_rng(0).standard_normal((36, SMALL, WIDE))
    for kind in (noise, noise[:, :1] + 0 * noise, noise[..., :1] + 0 * noise):
        seen = {
            **modes(FRESH),
            "among_modes": 0.0,
            "random": True,
            "related": related(kind[:, np.newaxis]),
        }
        assert judge("Fresh", seen) is None


def test_modes_that_draw_in_step_are_not_related_and_others_are():
    noise = np.random.default_rng(0).standard_normal((12, 2, SMALL, WIDE))
    noise[:, 1] = -noise[:, 0]
    seen = {**modes(FRESH), "among_modes": 0.0, "random": True}
    assert judge("Fresh", {**seen, "related": related(noise)}) is None
    noise[1:, 1] = -noise[:-1, 0]
    assert "with other signs" in judge("Fresh", {**seen, "related": related(noise)})


@pytest.mark.parametrize("cycle", [1, 2, 7, 16, 40, 64])
def test_a_cycle_of_noises_is_seen_by_the_hidden_number_of_calls(cycle):
    calls = hidden("Fresh")["calls"]
    noise = np.random.default_rng(0).standard_normal((cycle, SMALL, WIDE))
    assert compared(noise[np.arange(calls) % cycle])["same"] == 1.0


def shapes(change=lambda sizes: sizes):
    batches = CHECKS["Shapes"].inputs(None)["batches"]
    return {str(w): {str(b): modes(change([b, w])) for b in batches} for w in BATCHES}


def test_shapes_are_compared_one_by_one():
    def told(change):
        return judge("Shapes", shapes(change))

    assert judge("Shapes", shapes()) is None
    assert "(5,), expected (3, 5): nothing may be averaged" in told(lambda s: s[1:])
    assert "(2, 3, 5), expected (3, 5): one draw" in told(lambda s: [2, *s])
    assert "(5, 3), expected (3, 5): nothing may be flat" in told(lambda s: s[::-1])


def test_a_batch_that_cannot_be_used_is_told_with_its_shape():
    seen = shapes()
    seen[str(MAIN)]["1"] = {}
    assert "of shape (1, 5) cannot be used" in judge("Shapes", seen)


def test_what_kept_a_width_from_being_traced_is_told():
    seen = {**shapes(), "2": {"problem": "In a model it is wrong.", "fixed": False}}
    assert judge("Shapes", seen) == "In a model it is wrong."
    seen["2"]["fixed"] = True
    assert "take the shape from keras.ops.shape(mean)" in judge("Shapes", seen)


OTHER = {"other": [3, 4, 5], "wanted": [4, 5]}


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Mean", {str(width): modes(OTHER) for width in DRAWN}),
        ("NormalNoise", {"main": modes(OTHER)}),
        ("OneForEachLatent", {"few": modes(OTHER), "many": {}}),
        ("OneForEachExample", {"small": modes(OTHER), "large": modes(OTHER)}),
        ("Fresh", {**modes(OTHER), "among_modes": 0.0}),
    ],
)
def test_what_is_no_code_is_told(name, seen):
    assert judge(name, seen) == (
        "The layer returned a tensor of shape (3, 4, 5) for a mean of shape (4, 5), expected one "
        "tensor of the shape of the mean."
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_hidden_places_differ_from_the_announced_ones_in_the_way_that_matters(seed):
    assert np.abs(hidden("Shapes", seed)["mean"]).max() > 20
    assert hidden("OneForEachLatent", seed)["many"]
    assert not CHECKS["OneForEachLatent"].inputs(None)["many"]
    assert hidden("Fresh", seed)["calls"] > 2 * 40
    assert np.sum(np.abs(hidden("GradientToLogVar", seed)["log_var"]) > 1) == 500
    assert np.abs(CHECKS["GradientToLogVar"].inputs(None)["log_var"]).max() < 1
