"""How probes begin: with the same random numbers, and with the kernels that are there."""

import numpy as np
import pytest

from autograder.checks import probing
from autograder.checks.exercise import Check


class Draw(Check):
    """Draws a number from every source."""

    part = "none"

    def inputs(self, rng):
        """Return a place."""
        return {"place": 0 if rng is None else int(rng.integers(1, 1000))}

    def probe(self, answers, inputs):
        """Return the numbers."""
        import keras
        import tensorflow as tf

        drawn = [np.random.rand(), float(tf.random.normal(())), float(keras.random.normal(()))]
        return {"drawn": [*drawn, float(tf.random.normal((), seed=3))]}

    def judge(self, inputs, seen, reference):
        """Pass."""
        return None


def drawn(place):
    return probing.run(Draw(), {}, {"place": place})["values"]["drawn"]


def test_a_probe_gets_the_same_numbers_whatever_ran_before_it():
    import tensorflow as tf

    first = drawn(0)
    tf.random.normal((3,), seed=3)
    drawn(1)
    assert drawn(0) == first
    assert drawn(0) == first


def test_other_places_get_other_numbers():
    assert not set(drawn(2)) & set(drawn(3))


def test_numbers_do_not_depend_on_how_the_place_came_here():
    assert drawn(np.int64(7)) == drawn(7)


@pytest.mark.parametrize("known", [True, False])
def test_kernels_are_thrown_away_only_for_a_place_that_was_there_before(monkeypatch, known):
    from tensorflow.python import pywrap_tfe

    place = 100 + known
    if known:
        drawn(place)
    clear, cleared = pywrap_tfe.TFE_ContextClearCaches, []

    def note(handle):
        cleared.append(handle)
        clear(handle)

    monkeypatch.setattr(pywrap_tfe, "TFE_ContextClearCaches", note)
    drawn(place)
    assert bool(cleared) is known


def test_the_garbage_collector_rests_during_a_probe_and_works_again_after_it():
    import gc

    class Look(Draw):
        def probe(self, answers, inputs):
            return {"enabled": gc.isenabled()}

    assert probing.run(Look(), {}, {})["values"] == {"enabled": False}
    assert gc.isenabled()
