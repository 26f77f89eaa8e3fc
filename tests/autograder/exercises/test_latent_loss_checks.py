"""What the judges of ``latent_loss`` say of observations made by hand: without TensorFlow."""

import numpy as np
import pytest
from seeds import seeds

from autograder import checks
from autograder.commands.selftest import bank
from autograder.execution.worker import wire
from autograder.exercises.latent_loss.judging import gradients, mistakes
from autograder.exercises.latent_loss.judging.function import CONSTANT
from autograder.exercises.latent_loss.judging.mistakes import kl

CHECKS = {check.name: check for check in checks.load("latent_loss").checks}
SEEDS = seeds(40)
STEADY = {"changes": False, "remembers": False, "fixed": False, "drawn": []}


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
    return judge("Value", inputs, **(STEADY | {"size": 1, "values": found} | seen))


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
        places += [tuple(at) for inputs in everywhere(name) for at in inputs["at"]]
        places += [tuple(inputs["others"][0]) for inputs in everywhere(name) if inputs["others"]]
    for inputs in everywhere("InTraining"):
        places += [(batch["mean"], batch["log_var"]) for batch in inputs["batches"]]
    assert min(kl(*place).min() for place in places) > 2


@pytest.mark.parametrize(("mistake", "formula"), mistakes.MISTAKES[1:])
def test_every_mistake_is_named_wherever_it_is_looked_for_and_in_any_unit(mistake, formula):
    for inputs in everywhere("Value"):
        assert mistake in judge_value(formula, inputs)
    for inputs in everywhere("Nats"):
        assert judge_nats(formula, inputs) is None
        assert "784 pixels" in judge_nats(lambda m, v: formula(m, v) / 784, inputs)
    for inputs in everywhere("Value"):
        assert mistake in judge_value(lambda m, v: formula(m, v) / 784, inputs)


@pytest.mark.parametrize("unit", [unit for unit in mistakes.UNITS if unit != mistakes.NATS])
def test_a_unit_is_a_matter_of_the_reduction_only(unit):
    for inputs in everywhere("Value"):
        assert judge_value(lambda m, v: unit * plain(m, v), inputs) is None
    for inputs in everywhere("Nats"):
        assert mistakes.UNITS[unit] in judge_nats(lambda m, v: unit * plain(m, v), inputs)


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
    assert CONSTANT in judge_value(lambda m, v: 0 * m + 3, CHECKS["Value"].inputs(None))


def test_random_values_and_too_many_of_them_are_told_before_any_formula():
    for inputs in everywhere("Value"):
        drawn = {"changes": True, "drawn": ["RandomStandardNormal"]}
        assert "an estimate from random draws" in judge_value(plain, inputs, **drawn)
        assert "keeps a count or a state" in judge_value(plain, inputs, changes=True)
        assert "keeps a count or a state" in judge_value(plain, inputs, remembers=True)
        assert "as they are while it is built" in judge_value(plain, inputs, fixed=True)
        assert "the function returned 4 numbers" in judge_value(plain, inputs, size=4)


def test_a_guarded_logarithm_of_0_does_not_hide_what_was_taken_for_what():
    def guarded(mean, log_var):
        return 0.5 * (mean**2 + log_var**2 - 1 - np.log(log_var**2 + np.float32(1e-20)))

    for inputs in everywhere("Value"):
        assert "for the standard deviation itself" in judge_value(guarded, inputs)


@pytest.mark.parametrize(("factor", "told"), mistakes.FACTORS)
@pytest.mark.parametrize(("mistake", "formula"), mistakes.MISTAKES[mistakes.DOUBLE :])
def test_a_wrong_factor_is_told_beside_another_mistake(mistake, formula, factor, told):
    for inputs in everywhere("Value"):
        found = judge_value(lambda m, v: factor * formula(m, v), inputs)
        assert mistake in found or told in found


def test_the_divergence_of_probabilities_is_recognized_by_its_limits():
    def of_keras(mean, log_var):
        p, q = (np.clip(each, 1e-7, 1) for each in (np.exp(log_var), mean))
        return p * np.log(p / q) - 1e-3

    for inputs in everywhere("Value"):
        assert "keras.losses.kl_divergence" in judge_value(of_keras, inputs)


def test_hidden_values_are_compared_with_the_reference_solution_too():
    inputs = hidden("Value", 0)
    assert judge_value(plain, inputs, reference={"values": kl(**inputs)}) is None
    other = {"values": 1.01 * kl(**inputs)}
    assert judge_value(plain, inputs, reference=other) is not None


def judge_prior(inputs, floor=0.0, off=None, unit=1.0):
    off = unit * kl(inputs["mean"], inputs["log_var"]) if off is None else off
    values = [np.full(3, floor * n) for n in inputs["widths"]]
    return judge("Prior", inputs, values=values, off=off, far=unit * kl(**inputs["far"]))


def test_the_prior_costs_nothing_to_single_precision():
    for inputs in everywhere("Prior"):
        assert judge_prior(inputs) is None
        assert judge_prior(inputs, floor=-5e-7) is None
        assert "a floor under it (free bits)" in judge_prior(inputs, floor=1e-3)
        assert "is nan, expected 0: the logarithm of 0" in judge_prior(inputs, floor=np.nan)
        assert "is infinite, expected 0" in judge_prior(inputs, floor=np.inf)


def test_only_the_prior_costs_nothing():
    for inputs in everywhere("Prior"):
        assert judge_prior(inputs, unit=1 / 784) is None
        near = kl(inputs["mean"], inputs["log_var"])
        for wrong in (0 * near, near / 2, np.where(near < 0.1, 2, 0.5) * near, near * np.nan):
            assert "only at the prior is it 0" in judge_prior(inputs, off=wrong)


def test_a_hidden_place_off_the_prior_lies_near_it():
    for seed in SEEDS:
        inputs = hidden("Prior", seed)
        costs = kl(inputs["mean"], inputs["log_var"])
        assert np.all((costs[:4] > 0.005) & (costs[:4] < 0.05))
        assert np.all((costs[4:-1] > 0.02) & (costs[4:-1] < 5))  # in the middle


def judge_sum(reduce, inputs=None, random=False, formula=plain):
    """Judge a reduction of values (batch, d), with the values of the latents known."""
    inputs = inputs or CHECKS["SumOverLatents"].inputs(None)
    alone = [
        single(formula)(**batch) for batch in inputs["batches"] + inputs["anywhere"] + inputs["odd"]
    ]
    seen = {"batches": [np.asarray(reduce(each)) for each in alone], "alone": alone}
    return judge("SumOverLatents", inputs, **seen, any_size=True, changes=random, fixed=False)


@pytest.mark.parametrize("formula", [plain, *(formula for _, formula in mistakes.MISTAKES)])
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


def test_an_answer_that_knows_the_announced_sizes_is_found_by_hidden_checks():
    def knowing(alone):
        return alone.sum(axis=1) * (len(alone) in (1, 3, 32))

    assert judge_sum(knowing) is None
    for seed in SEEDS:
        assert "the result is 0 for an example" in judge_sum(
            knowing, hidden("SumOverLatents", seed)
        )


def test_random_sums_are_judged_by_their_shape_only():
    assert judge_sum(lambda a: a.sum(axis=1) + 1, random=True) is None
    assert "has shape ()" in judge_sum(lambda a: a.sum(), random=True)


def test_no_batch_has_as_many_examples_as_latents():
    for inputs in everywhere("SumOverLatents"):
        assert all(len({*batch["mean"].shape}) == 2 for batch in inputs["batches"])


def slopes_of(formula, at, weights, step=0.05):
    """Return the slopes that a probe observes, of a formula of single latents."""
    slopes = np.zeros(at.shape)
    for place in (0, 1):
        low, high = at.copy(), at.copy()
        low[place] -= step
        high[place] += step
        slopes[place] = (single(formula)(*high) - single(formula)(*low)) / (2 * step)
    return slopes * np.resize(weights, at.shape[1])[:, None]


def right_gradient(at):
    return np.stack([at[0], np.expm1(at[1]) / 2])


def judge_gradient(name, inputs, change=lambda gradient, at: gradient, formula=plain, **seen):
    """Judge a changed gradient of the closed form, and the slopes of a formula."""

    def tape(at):
        at = np.asarray(at, float)
        weights = np.resize(inputs["weights"], at.shape[1])[:, None]
        result = single(formula)(*at).sum(axis=1)
        return {"result": result, "gradient": change(weights * right_gradient(at), at)}

    observed = {
        "slopes": [slopes_of(formula, at, inputs["weights"]) for at in inputs["at"]],
        "at": [tape(at) for at in inputs["at"]],
        "prior": tape(np.zeros_like(inputs["at"][0])),
        "others": [tape(at) for at in inputs["others"]],
    }
    return judge(name, inputs, **(observed | seen))


both_gradients = pytest.mark.parametrize("name", ["GradientToMean", "GradientToLogVar"])


@both_gradients
def test_the_gradient_of_the_closed_form_passes(name):
    for inputs in everywhere(name):
        assert judge_gradient(name, inputs) is None
        assert judge_gradient(name, inputs, lambda g, at: g * 1.001) is None


@both_gradients
def test_a_gradient_that_is_not_that_of_the_closed_form_is_told(name):
    for inputs in everywhere(name):
        assert "No gradient reaches" in judge_gradient(name, inputs, lambda g, at: 0 * g)
        for factor in (0.5, 1.02, -1):
            told = judge_gradient(name, inputs, lambda g, at, factor=factor: factor * g)
            assert "times the right one; something changes the gradient on its way back" in told
        told = judge_gradient(name, inputs, lambda g, at: np.clip(g, -0.2, 0.2))
        assert "something changes the gradient on its way back" in told
        told = judge_gradient(name, inputs, lambda g, at: right_gradient(at))
        assert "multiplied by what reaches it (upstream)" in told


@both_gradients
def test_only_the_input_in_question_is_judged(name):
    other = 1 - CHECKS[name].place
    for inputs in everywhere(name):

        def without(gradient, at):
            gradient[other] = 0
            return gradient

        assert judge_gradient(name, inputs, without) is None


@both_gradients
def test_a_lie_near_the_prior_or_far_from_it_is_found_by_hidden_checks(name):
    def wrong_near(gradient, at):
        return np.where(np.all(np.abs(at) < 0.35, axis=0), 0.9 * gradient, gradient)

    def wrong_for_small_variances(gradient, at):
        return np.where(at[1] < -5, 0.9 * gradient, gradient)

    for lie in (wrong_near, wrong_for_small_variances):
        assert judge_gradient(name, CHECKS[name].inputs(None), lie) is None
        for seed in SEEDS:
            told = judge_gradient(name, hidden(name, seed), lie)
            assert "something changes the gradient" in told


@both_gradients
def test_the_gradient_of_wrong_values_is_their_slope(name):
    def doubled(mean, log_var):
        return 2 * plain(mean, log_var) + 1

    for inputs in everywhere(name):
        assert judge_gradient(name, inputs, lambda g, at: 2 * g, formula=doubled) is None
        assert "have the slope" in judge_gradient(name, inputs, formula=doubled)
        told = judge_gradient(name, inputs, lambda g, at: 0 * g, formula=doubled)
        assert "No gradient reaches" in told


@both_gradients
def test_a_result_without_any_slope_gets_no_points(name):
    for inputs in everywhere(name):
        told = judge_gradient(name, inputs, lambda g, at: 0 * g, formula=lambda m, v: 0 * m)
        assert CONSTANT in told
        told = judge_gradient(name, inputs, formula=lambda m, v: m * np.nan)
        assert "not finite" in told


@both_gradients
def test_the_gradient_at_the_prior_is_finite_where_the_value_is(name):
    inputs = CHECKS[name].inputs(None)
    blown_up = {"result": np.zeros(3), "gradient": np.full((2, 3, 2), np.nan)}
    told = judge_gradient(name, inputs, prior=blown_up)
    assert told.startswith("At the prior the gradient with respect to")
    lost = blown_up | {"result": np.full(3, np.inf)}
    assert judge_gradient(name, inputs, prior=lost) is None


@both_gradients
def test_a_gradient_that_the_graph_does_not_define_is_told(name):
    inputs = CHECKS[name].inputs(None)
    stopped = {"stopped": "No gradient defined for X", "result": np.zeros(3)}
    assert "No gradient defined for X" in judge_gradient(name, inputs, prior=stopped)


def test_hidden_slopes_are_steeper_than_a_limit_of_5():
    for seed in SEEDS:
        assert np.abs(hidden("GradientToMean", seed)["at"][0][0]).min() > 6
    assert np.abs(gradients.ANNOUNCED[0] * gradients.WEIGHTS[:, None]).max() < 5


def judge_training(
    inputs=None,
    formula=plain,
    factor=1.0,
    gradient=1.0,
    changes=False,
    full=lambda each: each,
    alone=1.0,
    later=1.0,
):
    """Judge a model whose reported loss and whose step differ from the function by factors.

    ``full`` makes of what a batch costs what its examples cost in batches of 32, and ``alone`` is
    a factor of what its latents cost one by one; ``later`` is one of all steps but the first.
    """
    inputs = inputs or CHECKS["InTraining"].inputs(None)
    batches = inputs["batches"]
    called = [single(formula)(**batch).sum(axis=1) for batch in batches]
    sizes = np.array([len(each) for each in called])
    right = [
        right_gradient(np.stack([batch["mean"], batch["log_var"]])) / len(batch["mean"])
        for batch in batches
    ]
    moved = [-gradient * each.sum(axis=1) for each in right]
    moved[1:] = [later * each for each in moved[1:]]
    return judge(
        "InTraining",
        inputs,
        called=called,
        alone=alone * single(formula)(**batches[0]),
        in_full_batches=[full(each) for each in called],
        reported=factor * np.cumsum([each.sum() for each in called]) / np.cumsum(sizes),
        moved=moved,
        gradients=right,
        changes=changes,
    )


def test_a_trained_model_has_the_loss_and_the_gradient_of_the_function():
    for inputs in everywhere("InTraining"):
        assert judge_training(inputs) is None
        assert judge_training(inputs, factor=1.2, changes=True) is None
        assert "In a fitted Keras model the latent loss is" in judge_training(inputs, factor=1.01)
        assert "In a compiled training step" in judge_training(inputs, gradient=1.01)
        assert CONSTANT in judge_training(inputs, formula=lambda m, v: 0 * m)
        told = judge_training(inputs, formula=lambda m, v: m * np.nan)
        assert "the latent loss of one is nan" in told


def test_an_example_costs_the_same_in_batches_of_every_size():
    for seed in SEEDS:
        inputs = hidden("InTraining", seed)
        assert "it must not depend on how many others" in judge_training(inputs, full=np.sqrt)
        # what is wrong in the announced batch already is the mistake of another part
        assert judge_training(inputs, full=np.sqrt, alone=2.0) is None


def test_steps_with_batches_of_every_size_follow_the_gradient():
    for seed in SEEDS:
        told = judge_training(hidden("InTraining", seed), later=0.5)
        assert "In a training step with a batch of 32 examples a weight moves by" in told


def test_hidden_batches_of_training_are_smaller_and_larger_than_announced_ones():
    for seed in SEEDS:
        sizes = [len(batch["mean"]) for batch in hidden("InTraining", seed)["batches"]]
        assert sizes[:2] == [32, 32]
        assert sizes[2] < 32 < sizes[3]


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "junk", [None, "text", 7, [], {}, [[1], [1, 2]], {"found": "x"}, [None] * 2]
)
def test_a_judge_answers_whatever_was_observed(name, junk):
    keys = ("size", "values", "far", "off", "batches", "alone", "slopes", "at", "prior", "others")
    keys += ("called", "reported", "moved", "gradient", "changes", "fixed", "drawn")
    keys += ("any_size", "in_full_batches")
    assert isinstance(judge(name), str)
    assert isinstance(judge(name, **dict.fromkeys(keys, junk)), str)


@pytest.mark.parametrize("name", CHECKS)
def test_inputs_cross_the_border_unchanged(name):
    for inputs in everywhere(name):
        before, after = (wire.unpack(wire.pack(each)) for each in (inputs, inputs))
        assert wire.pack(before) == wire.pack(after) == wire.pack(inputs)


def test_the_bank_has_answers_that_only_hidden_checks_catch_in_every_part(request):
    cases = bank.read(request.config.rootpath / "tests" / "bank", "latent_loss")
    caught = {loss.part for case in cases for loss in case.losses if loss.hidden}
    assert caught == {part.name for part in checks.load("latent_loss").parts}
