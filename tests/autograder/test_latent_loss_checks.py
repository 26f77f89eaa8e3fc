"""What the judges of ``latent_loss`` say of observations made by hand: without TensorFlow."""

import numpy as np
import pytest
from autograder.checks.latent_loss_slips import kl

from autograder import bank, checks, wire
from autograder.checks import latent_loss_slips as slips

CHECKS = {check.name: check for check in checks.load("latent_loss").checks}
SEEDS = range(40)


def hidden(name, seed):
    return CHECKS[name].inputs(np.random.default_rng(seed))


def everywhere(name):
    """Return the announced inputs of a check and many hidden ones."""
    return [CHECKS[name].inputs(None), *(hidden(name, seed) for seed in SEEDS)]


def judge(name, inputs=None, reference=None, **seen):
    check = CHECKS[name]
    return check.judge(inputs or check.inputs(None), seen, reference)


def single(formula):
    """Return a formula of one latent as float32 gives it, in float64."""

    def computed(mean, log_var):
        with np.errstate(all="ignore"):
            found = formula(np.asarray(mean, np.float32), np.asarray(log_var, np.float32))
        return np.asarray(found, np.float64)

    return computed


def judge_value(formula, inputs, **seen):
    found = single(formula)(**inputs)
    return judge("Value", inputs, size=1, random=False, values=found, **seen)


def judge_nats(formula, inputs):
    return judge("Nats", inputs, values=single(formula)(**inputs))


def plain(mean, log_var):
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)


@pytest.mark.parametrize(("mean", "log_var"), [(0, -2), (0.7, 0), (-1.5, 1.2), (3, -5), (-2, 2.5)])
def test_the_closed_form_is_the_integral_that_defines_the_divergence(mean, log_var):
    scale = np.exp(log_var / 2)
    z, step = np.linspace(mean - 12 * scale, mean + 12 * scale, 20_001, retstep=True)
    log_q = -0.5 * (np.log(2 * np.pi) + log_var + ((z - mean) / scale) ** 2)
    log_p = -0.5 * (np.log(2 * np.pi) + z**2)
    integral = np.sum(np.exp(log_q) * (log_q - log_p)) * step
    assert kl(mean, log_var) == pytest.approx(integral, rel=1e-9)


def test_the_number_in_the_task_is_exact():
    assert kl(1, 0) == 0.5
    assert kl(0, 0) == 0


@pytest.mark.parametrize(
    "formula",
    [
        plain,
        lambda m, v: -0.5 * (1 + v - np.square(m) - np.exp(v)),
        lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - np.log(np.exp(v) + np.float32(1e-8))),
    ],
)
def test_single_precision_and_a_tiny_guard_pass_at_every_place(formula):
    for inputs in everywhere("Value"):
        assert judge_value(formula, inputs) is None
    for inputs in everywhere("Nats"):
        assert judge_nats(formula, inputs) is None


def test_no_floor_acts_where_values_sums_and_slopes_are_judged():
    places = [(inputs["mean"], inputs["log_var"]) for inputs in everywhere("Value")]
    for inputs in everywhere("SumOverLatents"):
        places += [(batch["mean"], batch["log_var"]) for batch in inputs["batches"]]
    for name in ("GradientToMean", "GradientToLogVar"):
        places += [tuple(inputs["at"]) for inputs in everywhere(name)]
    for name in ("InKerasModel", "InCompiledTape"):
        places += [(inputs["mean"], inputs["log_var"]) for inputs in everywhere(name)]
    assert min(kl(*place).min() for place in places) > 2


@pytest.mark.parametrize(("slip", "formula"), slips.SLIPS[1:])
def test_every_slip_is_named_wherever_it_is_looked_for_and_in_any_unit(slip, formula):
    for inputs in everywhere("Value"):
        assert slip in judge_value(formula, inputs)
    for inputs in everywhere("Nats"):
        assert judge_nats(formula, inputs) is None
        assert "784 pixels" in judge_nats(lambda m, v: formula(m, v) / 784, inputs)
    for inputs in everywhere("Value"):
        assert slip in judge_value(lambda m, v: formula(m, v) / 784, inputs)


@pytest.mark.parametrize("unit", [unit for unit in slips.UNITS if unit != slips.NATS])
def test_a_unit_is_a_matter_of_the_reduction_only(unit):
    for inputs in everywhere("Value"):
        assert judge_value(lambda m, v: unit * plain(m, v), inputs) is None
    for inputs in everywhere("Nats"):
        assert slips.UNITS[unit] in judge_nats(lambda m, v: unit * plain(m, v), inputs)


@pytest.mark.parametrize("factor", [3.0, 0.1, -0.25, 1 / 1024])
def test_any_other_factor_is_a_matter_of_the_value(factor):
    for inputs in everywhere("Value"):
        assert "times the expected one" in judge_value(lambda m, v: factor * plain(m, v), inputs)
    for inputs in everywhere("Nats"):
        assert judge_nats(lambda m, v: factor * plain(m, v), inputs) is None


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (lambda m, v: plain(m, v) + 0.5, "the constant 1 is missing (it should be −½)."),
        (lambda m, v: plain(m, v) + 1, "the constant 1 has the factor 0.5 (it should be −½)."),
        (lambda m, v: plain(m, v) + v / 2, "log_var is missing (it should be −½)."),
        (lambda m, v: plain(m, v) + v, "log_var has the factor 0.5 (it should be −½)."),
        (lambda m, v: plain(m, v) + m**2 / 2, "mean² has the factor 1 (it should be ½)."),
        (lambda m, v: plain(m, v) - m**2, "mean² has the factor −0.5 (it should be ½)."),
        (lambda m, v: plain(m, v) - np.exp(v) / 2, "exp(log_var) is missing (it should be ½)."),
    ],
)
def test_a_wrong_factor_of_one_term_is_found_among_all_of_them(formula, told):
    for inputs in everywhere("Value"):
        assert f"nats: in the sum {told}" in judge_value(formula, inputs)


@pytest.mark.parametrize(
    "formula",
    [
        lambda m, v: plain(m, np.clip(v, -5, 5)),
        lambda m, v: plain(m, np.clip(v, -10, 10)),
        lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - np.log(np.exp(v) + np.float32(1e-6))),
    ],
)
def test_a_limit_is_told_by_the_values_that_it_does_not_touch(formula):
    for seed in range(200):
        assert "right at other values" in judge_value(formula, hidden("Value", seed))


def test_values_that_follow_nothing_known_are_told_as_such():
    told = judge_value(lambda m, v: np.cos(m) + v**3, CHECKS["Value"].inputs(None))
    assert told.startswith("At mean = 0 and log_var = ln 9 the latent loss is 11.6, expected 2.9")
    assert "follow no usual formula" in told
    told = judge_value(lambda m, v: m * np.nan, CHECKS["Value"].inputs(None))
    assert "the latent loss is nan, expected 2.9 nats" in told


def test_random_values_and_too_many_of_them_are_told_before_any_formula():
    inputs = CHECKS["Value"].inputs(None)
    seen = {"values": 2 * kl(**inputs), "size": 1}
    assert "an estimate from random draws" in judge("Value", inputs, random=True, **seen)
    seen["size"] = 4
    assert "the function returned 4 numbers" in judge("Value", inputs, random=False, **seen)


def test_hidden_values_are_compared_with_the_reference_solution_too():
    inputs = hidden("Value", 0)
    assert judge_value(plain, inputs, reference={"values": kl(**inputs)}) is None
    other = {"values": 1.01 * kl(**inputs)}
    assert judge_value(plain, inputs, reference=other) is not None


def judge_prior(inputs, floor=0.0, off=None):
    off = kl(inputs["mean"], inputs["log_var"]) if off is None else off
    return judge("Prior", inputs, values=[np.full(3, floor * n) for n in inputs["sizes"]], off=off)


def test_the_prior_costs_nothing_to_single_precision():
    for inputs in everywhere("Prior"):
        assert judge_prior(inputs) is None
        assert judge_prior(inputs, floor=-5e-7) is None
        assert "a floor under it (free bits)" in judge_prior(inputs, floor=1e-3)
        assert "is nan, expected 0: the logarithm of 0" in judge_prior(inputs, floor=np.nan)
        assert "is infinite, expected 0" in judge_prior(inputs, floor=np.inf)


def test_only_the_prior_costs_nothing():
    for inputs in everywhere("Prior"):
        assert judge_prior(inputs, off=kl(inputs["mean"], inputs["log_var"]) / 784) is None
        assert "only at the prior is it 0" in judge_prior(inputs, off=[0.0])


def test_a_hidden_place_off_the_prior_lies_near_it():
    for seed in SEEDS:
        inputs = hidden("Prior", seed)
        assert 0.005 < kl(inputs["mean"], inputs["log_var"]) < 0.05


def judge_sum(reduce, inputs=None, random=False, formula=plain):
    """Judge a reduction of values (batch, d), with the values of the latents known."""
    inputs = inputs or CHECKS["SumOverLatents"].inputs(None)
    alone = [single(formula)(**batch) for batch in inputs["batches"]]
    found = [np.asarray(reduce(each)) for each in alone]
    return judge("SumOverLatents", inputs, batches=found, alone=alone, random=random)


@pytest.mark.parametrize("formula", [plain, *(formula for _, formula in slips.SLIPS)])
def test_a_sum_over_latents_passes_whatever_is_summed(formula):
    for inputs in everywhere("SumOverLatents"):
        assert judge_sum(lambda a: a.sum(axis=1), inputs, formula=formula) is None


@pytest.mark.parametrize(
    ("reduce", "told"),
    [
        (lambda a: a.mean(axis=1), "it is averaged over the latents, not summed"),
        (lambda a: a.sum(axis=1) / len(a), "it is divided by the batch size"),
        (lambda a: a.mean(axis=1) / len(a), "over the latents and divided by the batch size"),
        (lambda a: a.sum(), "has shape (), expected (3,): it is summed over the batch too"),
        (lambda a: a.sum(axis=1).mean(), "it is averaged over the batch too"),
        (lambda a: a.mean(), "it is averaged over the latents and the batch"),
        (lambda a: a.max(), "one number for the whole batch is too few"),
        (lambda a: a.sum(axis=0), "has shape (2,), expected (3,): the batch is summed"),
        (lambda a: a.mean(axis=0), "the batch is averaged, and the latents are not summed"),
        (lambda a: a, "has shape (3, 2), expected (3,): the latents are not summed"),
        (lambda a: a.sum(axis=1, keepdims=True), "has shape (3, 1), expected (3,): an axis is"),
        (lambda a: np.zeros((2, 2, 2)), "has shape (2, 2, 2), expected (3,)."),
        (lambda a: a.max(axis=1), "an example costs the sum over its latents"),
        (lambda a: a.sum(axis=1) * np.nan, "is nan for an example whose latents"),
    ],
)
def test_every_other_reduction_is_named(reduce, told):
    assert told in judge_sum(reduce)


def test_an_axis_that_only_a_batch_of_one_loses_is_found_by_hidden_checks():
    def squeezed(alone):
        return np.squeeze(alone.sum(axis=1))

    assert judge_sum(squeezed) is None
    for seed in SEEDS:
        told = judge_sum(squeezed, hidden("SumOverLatents", seed))
        assert "has shape (), expected (1,): the axis of the batch stays" in told


def test_random_sums_are_judged_by_their_shape_only():
    assert judge_sum(lambda a: a.sum(axis=1) + 1, random=True) is None
    assert "has shape ()" in judge_sum(lambda a: a.sum(), random=True)


def test_no_batch_has_as_many_examples_as_latents():
    for inputs in everywhere("SumOverLatents"):
        assert all(len({*batch["mean"].shape}) == 2 for batch in inputs["batches"])


def slopes_of(formula, place, inputs, step=0.05):
    """Return the slopes that a check observes, of a formula of single latents."""
    low, high = inputs["at"].copy(), inputs["at"].copy()
    low[place] -= step
    high[place] += step
    return (single(formula)(*high) - single(formula)(*low)) / (2 * step)


def judge_gradient(name, inputs, gradient, **seen):
    place = CHECKS[name].place
    observed = {
        "value": plain(*inputs["at"]).sum(),
        "slopes": slopes_of(plain, place, inputs),
        "prior_value": 0.0,
        "prior_gradient": np.zeros((2, 2)),
        "gradient": gradient,
    }
    return judge(name, inputs, **(observed | seen))


def right_gradient(name, inputs):
    mean, log_var = inputs["at"]
    return mean if name == "GradientToMean" else np.expm1(log_var) / 2


both_gradients = pytest.mark.parametrize("name", ["GradientToMean", "GradientToLogVar"])


@both_gradients
def test_exact_gradients_are_within_the_error_of_the_slopes(name):
    for inputs in everywhere(name):
        assert judge_gradient(name, inputs, right_gradient(name, inputs)) is None


@both_gradients
def test_a_gradient_that_does_not_follow_the_values_is_told(name):
    for inputs in everywhere(name):
        right = right_gradient(name, inputs)
        assert "No gradient reaches" in judge_gradient(name, inputs, None)
        assert "No gradient reaches" in judge_gradient(name, inputs, 0 * right)
        for wrong in (2 * right, -right, np.clip(right, -0.2, 0.2), right * np.nan):
            told = judge_gradient(name, inputs, wrong)
            assert "something changes the gradient on its way back" in told


@both_gradients
def test_an_input_without_effect_needs_no_gradient(name):
    inputs = CHECKS[name].inputs(None)
    assert judge_gradient(name, inputs, None, slopes=np.zeros((2, 2))) is None


@both_gradients
def test_the_gradient_at_the_prior_is_finite_where_the_value_is(name):
    inputs = CHECKS[name].inputs(None)
    right, blown_up = right_gradient(name, inputs), np.full((2, 2), np.nan)
    told = judge_gradient(name, inputs, right, prior_gradient=blown_up)
    assert told.startswith("At the prior the gradient with respect to")
    lost = {"prior_gradient": blown_up, "prior_value": np.inf}
    assert judge_gradient(name, inputs, right, **lost) is None
    assert judge_gradient(name, inputs, blown_up, slopes=blown_up) is None


def test_hidden_slopes_are_steeper_than_a_limit_of_5():
    for seed in SEEDS:
        assert np.abs(hidden("GradientToMean", seed)["at"][0]).min() > 6


def test_a_fitted_model_reports_what_the_function_gives():
    assert judge("InKerasModel", random=False, called=7.1, fitted=7.1001) is None
    assert judge("InKerasModel", random=True, called=7.1, fitted=6.5) is None
    assert judge("InKerasModel", random=False, called=np.nan, fitted=np.nan) is None
    told = judge("InKerasModel", random=False, called=7.1, fitted=6.5)
    assert "the latent loss is 6.5 on average, expected 7.1" in told


def test_the_last_batch_of_a_hidden_fit_is_smaller():
    assert all(len(hidden("InKerasModel", seed)["mean"]) % 32 for seed in SEEDS)


def test_a_compiled_function_gives_what_eager_mode_gives():
    eager = [np.ones(3), np.ones((3, 2)), np.ones((3, 2))]
    assert judge("InCompiledTape", random=False, eager=eager, compiled=eager) is None
    for place, name in enumerate(("result", "gradient for mean", "gradient for log_var")):
        other = [each * (2 if k == place else 1) for k, each in enumerate(eager)]
        told = judge("InCompiledTape", random=False, eager=eager, compiled=other)
        assert f"the {name} is not what it is in eager mode" in told
        assert judge("InCompiledTape", random=True, eager=eager, compiled=other) is None
    other = [eager[0][:, None], *eager[1:]]
    assert "the result is not" in judge("InCompiledTape", random=False, eager=eager, compiled=other)


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_no_tensor_is_told_by_every_check(name):
    told = "The function returned a tuple, expected one tensor with a number for each example."
    assert judge(name, returned="a tuple") == told


@pytest.mark.parametrize("name", CHECKS)
def test_inputs_cross_the_border_unchanged(name):
    for inputs in everywhere(name):
        before, after = (wire.unpack(wire.pack(each)) for each in (inputs, inputs))
        assert wire.pack(before) == wire.pack(after) == wire.pack(inputs)


def test_the_bank_has_answers_that_only_hidden_checks_catch_in_every_part(request):
    cases = bank.read(request.config.rootpath / "tests" / "bank", "latent_loss")
    caught = {loss.part for case in cases for loss in case.losses if loss.hidden}
    assert caught == {part.name for part in checks.load("latent_loss").parts}
