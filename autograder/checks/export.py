"""Turn an answer into a graph and its variables: a SavedModel, which is data and not code.

This is the last thing that a student's Python does. Whatever is asked of the answer afterwards is
asked of the graph, in a process that has never seen the student's code.
"""

import contextlib
import importlib
from collections.abc import Mapping
from typing import Any

from autograder.checks import memory, switches
from autograder.checks.contract import AnswerError, Order, Shape, Traced, at
from autograder.checks.surroundings import fix_seeds, quiet, without_collector
from autograder.checks.values import Values
from latents.errors import explain

FILES = ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001")
UNTRACKED = (
    "Your answer holds an object of TensorFlow that cannot be saved with it, such as a table or a "
    "data set: compute with tensors and variables."
)
TOO_LARGE = (
    "The graph of your answer is too large to be saved: keep no large arrays as constants in it."
)


def export(exercise: str, answers: Mapping[str, Any], settings: Values) -> Values:
    """Trace an answer and save what came of it.

    Parameters
    ----------
    exercise : str
        Name of the exercise, whose contract says what is traced.
    answers : mapping of str to object
        What the student has defined.
    settings : dict
        Arguments of the contract, such as the sizes that a model is built with.

    Returns
    -------
    dict
        ``functions``: for each function of the contract a dict, empty if it is in the graph, else
        with a ``problem`` (a sentence) or ``missing`` (the answer is still the stub). ``files``:
        bytes of the SavedModel by file name; empty if there is nothing to save. ``switches``:
        names of the global switches that were put back.
    """
    contract = importlib.import_module(f"autograder.exercises.{exercise}.contract")
    with quiet(), without_collector(), switches.ordinary() as turned, _on_cpu():
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
    """Trace a function for a batch of unknown size or, where that fails, for batches of some."""
    try:
        made = order.make()
    except BaseException as error:  # also SystemExit: nothing that student code does ends the run
        return {order.name: _explained(error)}
    states = {order.name: _trace_one(order.name, made, order.shapes, traced)}
    if states[order.name]:
        for batch in order.batches:
            shapes = tuple((batch, *shape[1:]) for shape in order.shapes)
            name = at(order.name, batch)
            states[name] = _trace_one(name, made, shapes, traced)
    for name, listed in made.variables.items():
        variables[f"{order.name}.{name}"] = list(listed)
    return states


def _trace_one(
    name: str, made: Traced, shapes: tuple[Shape, ...], traced: dict[str, Any]
) -> Values:
    import tensorflow as tf

    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    try:
        # Without AutoGraph, which Keras does not apply to layers either and which needs a source.
        function = tf.function(made.function, input_signature=signature, autograph=False)
        traced[name] = function.get_concrete_function()
    except BaseException as error:
        return _explained(error)
    return {}


def _explained(error: BaseException) -> Values:
    """Return what an exception in an answer says, or that the answer is still the stub."""
    if isinstance(error, AnswerError):
        return {"problem": str(error)}
    return explain(error)


def _saved(traced: dict[str, Any], variables: dict[str, list[Any]]) -> tuple[Values, Values]:
    """Return the bytes of a SavedModel by file name, or what kept TensorFlow from saving it."""
    import tensorflow as tf

    # Variables only: to track a Keras model would make TensorFlow trace Keras' own methods, which
    # fails for models of TensorFlow Probability.
    module = tf.Module()
    module.functions = dict(traced)
    module.variable_lists = variables
    # In an order that does not depend on addresses, so that equal answers give equal bytes.
    captured = {id(each): each for function in traced.values() for each in function.variables}
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
            # TensorFlow hides what was wrong with a gradient of one's own behind an error of its.
            return {}, explain(error.__cause__ or error)
