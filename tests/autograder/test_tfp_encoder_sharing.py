"""The encoder that the checks of ``tfp_encoder`` share, and the weights that they give it."""

import zlib

import numpy as np
import pytest
from autograder.checks.tfp_encoder_build import BUILT, fill, shared_encoder

from autograder import checks, reference

EXERCISE = checks.load("tfp_encoder")
CHECKS = {check.name: check for check in EXERCISE.checks}
ENCODER_CHECKS = ("Stack", "Gaussian", "Centring", "TrainingStep")


def stub(*arguments):
    raise NotImplementedError


def unregistered(*arguments):
    raise NotImplementedError("No KL(distribution_a || distribution_b) registered")


def counting(make_encoder):
    """Return a function like another one, and the list of its arguments."""
    calls = []

    def counted(*arguments):
        calls.append(arguments[:3])
        return make_encoder(*arguments)

    return counted, calls


@pytest.fixture
def cells(monkeypatch):
    """Let cells run by changing what this returns."""
    BUILT.clear()
    count = [1]
    monkeypatch.setattr("autograder.checks.tfp_encoder_build.others_run", lambda: count[0])
    return count


def hidden(name, seed=3):
    """Return the inputs of a hidden check."""
    return CHECKS[name].inputs(np.random.default_rng([seed, zlib.crc32(name.encode())]))


def test_hidden_checks_of_one_seed_give_the_function_the_same_arguments():
    stack = hidden("Stack")
    for name in ENCODER_CHECKS:
        found = hidden(name)
        for key in ("shape", "encoded_size", "base_depth", "loc", "scale"):
            assert np.array_equal(found[key], stack[key])
    assert len({hidden(name)["seed"] for name in ENCODER_CHECKS}) > 1
    assert not np.array_equal(hidden("Stack", seed=4)["scale"], stack["scale"])


@pytest.mark.slow
def test_all_visible_checks_share_an_encoder_and_all_hidden_ones_another(cells):
    counted, calls = counting(reference.answers(EXERCISE)[1])
    for part in EXERCISE.parts[1:]:
        assert EXERCISE.check(part.name, stub, counted).passed
    assert calls == [((28, 28, 1), 3, 2)]
    for name in ENCODER_CHECKS:
        inputs = hidden(name)
        seen = CHECKS[name].probe({"make_encoder": counted}, inputs)
        assert CHECKS[name].judge(inputs, seen, None) is None
    assert len(calls) == 2
    (_, *visible), (shape, *others) = calls
    assert shape == (28, 28, 3)
    assert all(one != other for one, other in zip(visible, others, strict=True))


@pytest.mark.slow
def test_the_order_of_the_checks_does_not_matter(cells):
    make_encoder = reference.answers(EXERCISE)[1]
    for name in reversed(ENCODER_CHECKS):
        inputs = CHECKS[name].inputs(None)
        seen = CHECKS[name].probe({"make_encoder": make_encoder}, inputs)
        assert CHECKS[name].judge(inputs, seen, None) is None


def test_after_a_cell_has_run_an_encoder_is_built_anew(cells):
    counted, calls = counting(lambda *_: object())
    inputs = CHECKS["Stack"].inputs(None)
    for _ in range(2):
        shared_encoder(counted, inputs)
    assert len(calls) == 1
    cells[0] += 1  # it may have changed what the function hangs on
    shared_encoder(counted, inputs)
    assert len(calls) == 2


def test_another_function_gets_no_encoder_of_this_one(cells):
    class EqualsEverything:
        def __eq__(self, other):
            return True

        def __call__(self, *arguments):
            return "mine"

    inputs = CHECKS["Stack"].inputs(None)
    assert shared_encoder(lambda *_: "ours", inputs) == "ours"
    assert shared_encoder(EqualsEverything(), inputs) == "mine"


def test_encoders_of_two_functions_are_kept_side_by_side(cells):
    (one, calls), (two, others) = (counting(lambda *_: object()) for _ in range(2))
    for name in ENCODER_CHECKS:
        shared_encoder(one, hidden(name))
        shared_encoder(two, hidden(name))
    assert len(calls) == len(others) == 1


def test_a_build_that_raised_raises_the_same_again(cells):
    counted, calls = counting(unregistered)
    told = [EXERCISE.check(name, stub, counted).problems for name in ("kl", "centring", "kl")]
    assert len(calls) == 1
    assert len(set(told)) == 1
    assert "registered" in told[0][0]


def test_every_check_meets_the_weights_that_training_does_not_change_as_they_were_built(cells):
    import tf_keras

    layer = tf_keras.layers.BatchNormalization()
    model = tf_keras.Sequential([tf_keras.Input((4,)), layer])
    inputs = CHECKS["Stack"].inputs(None)

    def make(*_):
        return model

    shared_encoder(make, inputs)
    layer.moving_mean.assign(np.ones(4))
    assert (shared_encoder(make, inputs).layers[-1].moving_mean.numpy() == 0).all()


def test_filling_does_not_touch_what_training_does_not():
    import tf_keras

    layer = tf_keras.layers.BatchNormalization()
    layer.build((None, 4))
    fill(layer, 0, 1, 0.5)
    assert (layer.moving_variance.numpy() == 1).all()
    assert (layer.gamma.numpy() != 1).all()
