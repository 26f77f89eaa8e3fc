"""The graph of an answer: what may be in it, what is done with one that is damaged or hostile."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks.tracing import graphs
from autograder.checks.tracing.contract import AnswerError, Order, Traced
from autograder.checks.tracing.export import FILES, export
from autograder.checks.tracing.graphs import Graphs, NoGraphError
from autograder.checks.values import Exported

SHAPES = ((None, 3),)


@pytest.fixture
def exported(monkeypatch):
    """Give a function that exports what a contract with one order has traced."""

    def run(function, batches=(), shapes=SHAPES, **variables):
        def make():
            if isinstance(function, Exception):
                raise function
            return Traced(function, variables)

        contract = SimpleNamespace(orders=lambda *_: [Order("it", make, shapes, batches)])
        monkeypatch.setitem(sys.modules, "autograder.exercises.sampling.contract", contract)
        return Exported.from_json(export("sampling", {}, {}))

    return run


def tf():
    import tensorflow

    return tensorflow


def test_a_function_arrives_as_it_was(exported):
    graph = Graphs(exported(lambda x: {"twice": 2 * x, "sum": tf().reduce_sum(x)}))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    got = graph.get("it")(tf().constant(x))
    np.testing.assert_array_equal(got["twice"], 2 * x)
    assert float(got["sum"]) == 15


def test_gradients_pass_through_a_loaded_function_to_inputs_and_variables(exported):
    weight = tf().Variable([1.0, 2.0, 3.0])
    graph = Graphs(exported(lambda x: weight * x**2, weights=[weight]))
    (loaded,) = graph.variables("it", "weights")
    loaded.assign([3.0, 2.0, 1.0])
    x = tf().constant([[1.0, 2.0, 3.0]])
    with tf().GradientTape() as tape:
        tape.watch(x)
        y = graph.get("it")(x)
    by_x, by_weight = tape.gradient(y, [x, loaded])
    np.testing.assert_allclose(by_x, [[6.0, 8.0, 6.0]])
    np.testing.assert_allclose(by_weight, [1.0, 4.0, 9.0])
    np.testing.assert_array_equal(weight.numpy(), [1.0, 2.0, 3.0])  # that of the student is its own


def test_a_function_that_needs_the_size_of_the_batch_is_traced_for_some_sizes(exported):
    def needs_size(x):
        return tf().zeros(int(x.shape[0])) + tf().reduce_sum(x, axis=1)

    graph = Graphs(exported(needs_size, batches=(2, 5)))
    assert "TypeError" in graph.state("it").problem
    assert graph.get("it", 5)(tf().ones((5, 3))).shape == (5,)
    with pytest.raises(NoGraphError, match="TypeError"):
        graph.get("it", 4)
    with pytest.raises(NoGraphError, match="TypeError"):
        graph.get("it")


def test_what_is_random_can_be_seen(exported):
    graph = Graphs(exported(lambda x: x + tf().random.normal(tf().shape(x))))
    assert graph.random_operations("it") == ["RandomStandardNormal"]
    first, second = (graph.get("it")(tf().zeros((2, 3))).numpy() for _ in range(2))
    assert (first != second).all()


def test_noise_of_numpy_is_the_same_in_every_call(exported):
    graph = Graphs(exported(lambda x: x + np.random.normal(size=3).astype("float32")))
    assert graph.random_operations("it") == []
    first, second = (graph.get("it")(tf().zeros((2, 3))).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_stub_is_missing_and_a_sentence_of_the_contract_is_a_problem(exported):
    assert Graphs(exported(AnswerError("It is a layer."))).state("it").problem == ("It is a layer.")


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_nothing_that_an_answer_raises_ends_the_export(exported, error):
    def raises(x):
        raise error

    assert type(error).__name__ in exported(raises).functions["it"].problem


def python(x):
    return tf().ensure_shape(tf().numpy_function(lambda a: a, [x], tf().float32), x.shape)


def nested(x):
    return tf().cond(tf().reduce_sum(x) > 0, lambda: python(x), lambda: x)


@pytest.mark.parametrize("function", [python, nested], ids=["outside", "inside of a branch"])
def test_a_python_function_in_the_graph_is_told_as_the_mistake_it_is(exported, function):
    graph = Graphs(exported(function))
    with pytest.raises(NoGraphError, match="holds a Python function"):
        graph.get("it")


HOSTILE = {
    "ReadFile": lambda x: x + tf().cast(tf().strings.length(tf().io.read_file("/x")), "float32"),
    "WriteFile": lambda x: (tf().io.write_file("/x", "y"), x)[1],
    "MatchingFiles": lambda x: x + tf().cast(tf().size(tf().io.matching_files("/*")), "float32"),
}


@pytest.mark.parametrize(("kind", "function"), HOSTILE.items(), ids=HOSTILE.keys())
def test_an_operation_that_reaches_outside_is_refused(exported, kind, function):
    graph = Graphs(exported(function))
    with pytest.raises(NoGraphError, match=f"holds the operation {kind}, which an answer may not"):
        graph.get("it")


DAMAGED = [b"", b"x", bytes(1000), b"\x0a\xff\xff\xff\xff\x7f"]


@pytest.mark.parametrize("data", DAMAGED, ids=["empty", "text", "zeros", "endless"])
def test_a_damaged_file_is_a_sentence(exported, data):
    got = exported(lambda x: x)
    got.files[FILES[0]] = np.frombuffer(data, np.uint8)
    with pytest.raises(NoGraphError, match=r"The graph of your answer .* cannot be (read|checked)"):
        Graphs(got).get("it")


def test_a_graph_has_a_largest_size(exported, monkeypatch):
    got = exported(lambda x: x)
    monkeypatch.setattr(graphs, "LARGEST", 100)
    with pytest.raises(NoGraphError, match="larger than"):
        Graphs(got).get("it")


def test_a_graph_has_a_largest_number_of_operations(exported, monkeypatch):
    got = exported(lambda x: x + 1 + 1 + 1)
    monkeypatch.setattr(graphs, "MOST_NODES", 3)
    with pytest.raises(NoGraphError, match="more than 3 operations"):
        Graphs(got).get("it")


def test_what_keeps_tensorflow_from_saving_is_told(exported):
    table = tf().lookup.StaticHashTable(
        tf().lookup.KeyValueTensorInitializer(tf().constant([1], "int64"), [2.0]), 0.0
    )
    got = exported(lambda x: table.lookup(tf().cast(x, "int64")))
    assert got.files == {}
    assert "cannot be saved with it, such as a table" in got.functions["it"].problem


def test_ordinary_operations_are_allowed(exported):
    weight = tf().Variable(1.0)

    def ordinary(x):
        weight.assign_add(1.0)
        tf().debugging.assert_all_finite(x, "x")
        tf().print("said")
        x = tf().map_fn(lambda row: row + 1, x)
        x = tf().while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, x))[1]
        return tf().random.shuffle(x) * weight + tf().random.uniform(tf().shape(x))

    assert Graphs(exported(ordinary)).get("it")(tf().ones((2, 3))).shape == (2, 3)
