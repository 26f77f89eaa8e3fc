"""A student who turns a global switch is told of it, in the notebook too, and loses no points."""

import keras
import pytest

from autograder import checks


def right(mean, log_var):
    return keras.ops.sum(keras.ops.square(mean) + keras.ops.expm1(log_var) - log_var, -1) / 2


@pytest.fixture
def mixed():
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    yield
    keras.mixed_precision.set_dtype_policy(before)


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(("answer", "sign"), [(right, "✓"), (lambda mean, log_var: mean, "✗")])
def test_a_switch_is_named_below_the_result_of_a_check(answer, sign):
    text = checks.load("latent_loss").check("value", answer).text()
    assert text.startswith(sign)
    assert "of all of TensorFlow, as keras.mixed_precision.set_global_policy does." in " ".join(
        text.split()
    )


def test_nothing_is_said_where_no_switch_was_turned():
    assert checks.load("latent_loss").check("value", right).remark == ""
