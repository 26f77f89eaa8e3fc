"""The graphs that the checks of ``tfp_encoder`` share, and the weights that probes give them."""

import zlib

import numpy as np
import pytest

from autograder import checks
from autograder.checks import solutions
from autograder.checks.check import Question
from autograder.checks.running import local
from autograder.exercises.tfp_encoder import contract
from autograder.exercises.tfp_encoder.encoder import encoder_of
from autograder.exercises.tfp_encoder.judging.common import settings

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
    local.CACHE.clear()
    count = [1]
    monkeypatch.setattr(local, "count_other_cells", lambda: count[0])
    return count


def hidden(name, seed=3):
    """Return the inputs of a hidden check."""
    return CHECKS[name].inputs(np.random.default_rng([seed, zlib.crc32(name.encode())]))


def test_hidden_checks_of_one_seed_give_the_function_the_same_arguments():
    given = settings(3)
    for name in ENCODER_CHECKS:
        found = hidden(name)
        for key in ("shape", "encoded_size", "base_depth", "batch", "loc", "scale"):
            assert np.array_equal(found[key], given[key])
    assert not np.array_equal(settings(4)["scale"], given["scale"])
    assert hidden("PriorShape")["sizes"] == given["sizes"]


def test_the_process_of_the_student_is_not_given_the_seed_of_weights_and_images():
    for seed in range(20):
        assert set(settings(seed)) == {
            "shape",
            "encoded_size",
            "base_depth",
            "loc",
            "scale",
            "sizes",
            "batch",
        }
        assert hidden("Stack", seed)["seed"] != hidden("Stack", seed + 1)["seed"]


@pytest.mark.slow
def test_all_visible_checks_share_an_encoder_and_all_hidden_ones_another(cells):
    counted, calls = counting(solutions.answers(EXERCISE.name, EXERCISE.answers)[1])
    for part in EXERCISE.parts[1:]:
        assert EXERCISE.check(part.name, stub, counted).passed
    assert calls == [((28, 28, 1), 3, 2)]
    for part in EXERCISE.parts[1:]:
        assert EXERCISE.check(part.name, stub, counted, hidden=3).passed
    assert len(calls) == 2
    (_, *visible), (shape, *others) = calls
    assert shape[-1] > 1
    assert all(one != other for one, other in zip(visible, others, strict=True))


@pytest.mark.slow
def test_the_order_of_the_checks_does_not_matter(cells):
    make_encoder = solutions.answers(EXERCISE.name, EXERCISE.answers)[1]
    for part in reversed(EXERCISE.parts[1:]):
        assert EXERCISE.check(part.name, stub, make_encoder).passed


def test_after_a_cell_has_run_an_encoder_is_built_anew(cells):
    counted, calls = counting(lambda *_: object())
    for _ in range(2):
        EXERCISE.check("centring", stub, counted)
    assert len(calls) == 1
    cells[0] += 1  # it may have changed what the function depends on
    EXERCISE.check("centring", stub, counted)
    assert len(calls) == 2


def test_a_build_that_raised_raises_the_same_again(cells):
    counted, calls = counting(unregistered)
    told = [EXERCISE.check(name, stub, counted).problems for name in ("kl", "centring", "kl")]
    assert len(calls) == 1
    assert len(set(told)) == 1
    assert "registered" in told[0][0]


class Graph:
    """Graphs with weights and nothing else."""

    def __init__(self, weights):
        self.weights = weights

    def variables(self, name, of, batch):
        """Return all weights."""
        return self.weights


def test_probes_fill_what_training_changes_and_put_back_the_rest():
    import tf_keras

    layer = tf_keras.layers.BatchNormalization()
    layer.build((None, 4))
    with encoder_of(Graph(layer.weights), {"seed": 0}) as encoder:
        encoder.fill(1, 0.5)
        assert (layer.moving_variance.numpy() == 1).all()
        assert (layer.gamma.numpy() != 1).all()
        layer.moving_mean.assign(np.ones(4))
    assert (layer.moving_mean.numpy() == 0).all()


def test_the_loss_is_read_from_a_model_around_the_encoder():
    import tf_keras

    class Boasting(tf_keras.Sequential):
        losses = property(lambda self: [3.0])

    model = contract.training_model(
        lambda *_: Boasting([tf_keras.Input((28, 28, 1))]), settings(None)
    )
    model(np.zeros((2, 28, 28, 1), np.float32), training=True)
    assert list(model.losses) == []


def test_a_question_about_an_encoder_that_is_none_is_answered_with_a_sentence(cells):
    question = Question("Stack", settings(None), CHECKS["Stack"].inputs(None))
    answers = {"make_prior": stub, "make_encoder": lambda *_: None}
    found = local.ask("tfp_encoder", answers, question)
    assert found.problem == "make_encoder returned nothing, expected a model of tf_keras."
