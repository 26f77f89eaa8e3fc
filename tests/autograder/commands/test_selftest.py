"""The grader is graded: every known answer gets its score and its message."""

import kept_outcomes
import pytest

from autograder import checks
from autograder.commands import selftest
from autograder.commands.selftest import bank
from autograder.execution.processes import session

pytestmark = [pytest.mark.slow, pytest.mark.kept(*kept_outcomes.JUDGES, "tests/bank")]


@pytest.mark.parametrize("name", checks.NAMES)
def test_every_answer_of_the_bank_is_judged_as_it_must_be(verdicts, name):
    faults = {case: verdict.faults() for case, verdict in verdicts[name].items()}
    assert {case: told for case, told in faults.items() if told} == {}


@pytest.mark.parametrize("name", checks.NAMES)
def test_the_bank_is_large_enough(bank_folder, name):
    cases = bank.read(bank_folder, name)
    assert sum(case.right for case in cases) >= 8
    assert sum(not case.right for case in cases) >= 20
    assert len({case.code for case in cases}) == len(cases)


@pytest.mark.parametrize("name", checks.NAMES)
def test_the_reference_gets_all_points_and_the_stub_none(verdicts, name):
    solved, stub = verdicts[name]["reference"], verdicts[name]["stub"]
    assert sum(result.score for result in solved.complete.values()) == 10
    assert sum(result.score for result in stub.complete.values()) == 0
    assert not any(result.attempted for result in stub.complete.values())


@pytest.mark.parametrize("name", checks.NAMES)
def test_removing_any_check_lets_a_wrong_answer_through(verdicts, references, name):
    exercise = checks.load(name)
    for check in exercise.checks:
        witness = next(
            (
                verdict.case
                for verdict in verdicts[name].values()
                if verdict.complete[check.part].failed == (check.name,) and not verdict.case.right
            ),
            None,
        )
        assert witness is not None, f"nothing in the bank needs {check.name}"
        weaker = exercise.without(check.name)
        result = selftest.verdict(weaker, witness, references[name]).complete[check.part]
        assert result.passed, f"{witness.name} is caught without {check.name} too"


@pytest.mark.parametrize("name", checks.NAMES)
def test_without_hidden_checks_a_wrong_answer_would_earn_each_part(verdicts, name):
    for part in checks.load(name).parts:
        witnesses = [
            verdict
            for verdict in verdicts[name].values()
            if verdict.visible[part.name].passed and not verdict.complete[part.name].passed
        ]
        assert witnesses, f"the hidden checks of {part.name} are not needed"


@pytest.mark.parametrize("name", checks.NAMES)
def test_the_same_answer_gets_the_same_words_again(verdicts, references, name):
    exercise = checks.load(name)
    wrong = [each for each in verdicts[name].values() if not each.case.right]
    for before in wrong[:: max(1, len(wrong) // 4)]:
        again = selftest.verdict(exercise, before.case, references[name])
        assert again.visible == before.visible
        assert again.complete == before.complete


def test_warnings_and_log_lines_cost_nothing(references):
    code = """
import logging, sys, warnings

class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        warnings.warn("a warning")
        logging.getLogger("tensorflow").error("a log line")
        print("on standard error", file=sys.stderr)
        return mean + keras.ops.exp(log_var / 2) * keras.random.normal(keras.ops.shape(mean))
"""
    case = bank.Case("sampling", "noisy", "", code, ())
    verdict = selftest.verdict(checks.load("sampling"), case, references["sampling"])
    assert verdict.faults() == []


def test_no_gpu_is_visible_to_the_checks():
    with session.Session(session.Budget()) as running:
        shown = running.run("import os; os.environ['CUDA_VISIBLE_DEVICES']").outputs
    assert shown[0]["data"]["text/plain"] == "'-1'"
