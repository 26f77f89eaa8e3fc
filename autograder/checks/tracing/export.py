"""Export an answer as a graph and its variables: a SavedModel, which is data and not code.

This is the last step that runs a student's Python. From here on, all questions are put to the
graph, in a process that has never seen the student's code.
"""

import contextlib
import importlib
from collections.abc import Mapping
from typing import Any

from autograder.checks.tracing import memory, switches
from autograder.checks.tracing.contract import AnswerError, Order, Shape, Traced, at
from autograder.checks.tracing.surroundings import fix_seeds, quiet, without_garbage_collection
from autograder.checks.values import Values
from latents.workshop.errors import explain

FILES = ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001")
UNTRACKED = (
    "Your answer holds an object of TensorFlow that cannot be saved with it, such as a table or a "
    "data set: compute with tensors and variables."
)
TOO_LARGE = (
    "The graph of your answer is too large to be saved: keep no large arrays as constants in it."
)


def export(exercise: str, answers: Mapping[str, Any], settings: Values) -> Values:
    """Trace an answer and save its graph.

    Parameters
    ----------
    exercise : str
        Name of the exercise, whose contract says which functions are traced.
    answers : mapping of str to object
        The objects that the student defined, by name.
    settings : dict
        Arguments of the contract, such as the sizes of a model.

    Returns
    -------
    dict
        An `Exported` in the form in which it is sent.
    """
    contract = importlib.import_module(f"autograder.exercises.{exercise}.contract")
    with quiet(), without_garbage_collection(), switches.ordinary() as turned, _on_cpu():
        fix_seeds()
        traced: dict[str, Any] = {}
        variables: dict[str, list[Any]] = {}
        functions: dict[str, Values] = {}
        try:
            orders = contract.orders(answers, settings)
        except BaseException as error:
            orders, functions[""] = [], _explained(error)
        for order in orders:
            functions |= _trace(order, traced, variables)
        files, problem = _saved(traced, variables) if traced else ({}, {})
    if problem:
        functions = {name: state or problem for name, state in functions.items()}
    return {"functions": functions, "files": files, "switches": list(turned)}


def _on_cpu() -> contextlib.AbstractContextManager[Any]:
    import tensorflow as tf

    device: contextlib.AbstractContextManager[Any] = tf.device("CPU:0")
    return device


def _trace(
    order: Order, traced: dict[str, Any], variables: dict[str, list[Any]]
) -> dict[str, Values]:
    """Trace a function for batches of unknown size or, if that fails, for some fixed sizes."""
    try:
        function = order.make()
    except BaseException as error:  # even SystemExit: student code must not end the run
        return {order.name: _explained(error)}
    states = {order.name: _trace_one(order.name, function, order.shapes, traced)}
    if states[order.name]:
        for batch in order.batches:
            shapes = tuple((batch, *shape[1:]) for shape in order.shapes)
            name = at(order.name, batch)
            states[name] = _trace_one(name, function, shapes, traced)
    for name, group in function.variables.items():
        variables[f"{order.name}.{name}"] = list(group)
    return states


def _trace_one(
    name: str, traced_function: Traced, shapes: tuple[Shape, ...], traced: dict[str, Any]
) -> Values:
    import tensorflow as tf

    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    try:
        # Without AutoGraph: it needs source code, and Keras does not apply it to layers either.
        function = tf.function(traced_function.function, input_signature=signature, autograph=False)
        traced[name] = function.get_concrete_function()
    except BaseException as error:
        return _explained(error)
    return {}


def _explained(error: BaseException) -> Values:
    """Return the problem that an exception describes, or that the answer is the stub."""
    if isinstance(error, AnswerError):
        return {"problem": str(error)}
    return explain(error)


def _saved(traced: dict[str, Any], variables: dict[str, list[Any]]) -> tuple[Values, Values]:
    """Return the bytes of a SavedModel by file name, or the problem that prevented saving."""
    import tensorflow as tf

    # Only variables are tracked. If a Keras model were, TensorFlow would trace Keras's own methods,
    # which fails for models of TensorFlow Probability.
    module = tf.Module()
    module.functions = dict(traced)
    module.variable_lists = variables
    # Sort by name and not by address, so that equal answers give equal bytes.
    captured = {
        id(variable): variable for function in traced.values() for variable in function.variables
    }
    module.captured = sorted(captured.values(), key=lambda variable: variable.name)
    with memory.folder() as folder:
        try:
            tf.saved_model.save(module, folder)
            return {name: memory.read(f"{folder}/{name}") for name in FILES}, {}
        except BaseException as error:
            if "untracked" in str(error) or "Failed to add concrete function" in str(error):
                return {}, {"problem": UNTRACKED}
            if type(error).__name__ == "EncodeError":
                return {}, {"problem": TOO_LARGE}
            # TensorFlow wraps an error in a custom gradient in an error of its own.
            return {}, explain(error.__cause__ or error)
