"""Examine the graph of an answer, load it, and call its functions."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.tracing import memory
from autograder.checks.tracing.contract import at
from autograder.checks.tracing.export import FILES
from autograder.checks.tracing.surroundings import quiet
from autograder.checks.values import Exported, State

LARGEST = 24 * 2**20  # bytes of a graph and its variables
MOST_NODES = 50_000
# Operations that call Python functions of the process that made the graph: they run only there.
PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
# Stateful operations that an answer may use; all other stateful operations are refused.
STATEFUL = {
    "Assert",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "AssignVariableOp",
    "Case",
    "CheckNumerics",
    "CheckNumericsV2",
    "If",
    "Multinomial",
    "NoOp",
    "ParameterizedTruncatedNormal",
    "PartitionedCall",
    "Placeholder",
    "PlaceholderWithDefault",
    "Print",
    "PrintV2",
    "RandomGamma",
    "RandomPoissonV2",
    "RandomShuffle",
    "RandomStandardNormal",
    "RandomUniform",
    "RandomUniformInt",
    "ReadVariableOp",
    "ResourceGather",
    "ResourceGatherNd",
    "RngReadAndSkip",
    "RngSkip",
    "StatefulPartitionedCall",
    "StatefulRandomBinomial",
    "StatefulStandardNormal",
    "StatefulStandardNormalV2",
    "StatefulTruncatedNormal",
    "StatefulUniform",
    "StatefulUniformFullInt",
    "StatefulUniformInt",
    "TruncatedNormal",
    "VarHandleOp",
    "VarIsInitializedOp",
    "VariableShape",
    "While",
}
# Not marked as stateful, yet they access files.
FILE_OPERATIONS = {"GenerateVocabRemapping", "MatchingFiles", "ReadFile", "WriteFile"}
RANDOM = ("Random", "StatelessRandom", "TruncatedNormal", "ParameterizedTruncated", "Multinomial")
# Kinds of objects that a saved answer may contain.
OBJECTS = {"bare_concrete_function", "captured_tensor", "constant", "user_object", "variable"}
CONTAINERS = (
    "_generic_user_object",
    "signature_map",
    "trackable_dict_wrapper",
    "trackable_list_wrapper",
)
SAVER = ("__inference__traced_save_", "__inference__traced_restore_")


class NoGraphError(Exception):
    """Raised if an answer has no graph for a function.

    Attributes
    ----------
    state : State
        Why not.
    """

    def __init__(self, state: State):
        self.state = state
        super().__init__(state.problem or "not attempted")


class Graphs:
    """The functions of an answer, loaded as graphs.

    Parameters
    ----------
    exported : Exported
        The answer, which may come from an untrusted process.

    Attributes
    ----------
    notes : dict
        Measurements that several probes share.
    """

    def __init__(self, exported: Exported):
        self._states = exported.functions
        self._functions: dict[str, Callable[..., Any]] = {}
        self._lists: Mapping[str, list[Any]] = {}
        self.operations: dict[str, tuple[str, ...]] = {}
        self.notes: dict[Hashable, Any] = {}
        if exported.files:
            self._load(exported.files)

    def get(self, name: str, batch: int | None = None) -> Callable[..., Any]:
        """Return a function of the answer; it takes tensors.

        Parameters
        ----------
        name : str
            Name of the function in the contract of the exercise.
        batch : int, optional
            Size of the batch. If the function could not be traced for batches of unknown size, the
            one that was traced for this size is returned.

        Raises
        ------
        NoGraphError
            If the answer has no such function.
        """
        for key in (name, at(name, batch) if batch else name):
            if key in self._functions:
                return self._functions[key]
        raise NoGraphError(self.state(name))

    def has(self, name: str) -> bool:
        """Return whether the answer has a function of this name."""
        return name in self._functions

    def state(self, name: str) -> State:
        """Return why a function is not there."""
        states = (self._states.get(key) for key in (name, ""))
        unknown = State("It was not traced.")
        return next((state for state in states if state and not state.is_there), unknown)

    def variables(self, name: str, of: str, batch: int | None = None) -> list[Any]:
        """Return the variables that the contract lists for a function; see ``get``."""
        self.get(name, batch)
        return list(self._lists.get(f"{name}.{of}", ()))

    def all_variables(self) -> list[Any]:
        """Return the variables of all functions, including the states of random generators."""
        return list(self._root.captured)

    def random_operations(self, name: str) -> list[str]:
        """Return the kinds of random operations in a function."""
        return sorted({kind for kind in self.operations[name] if is_random(kind)})

    def _load(self, files: Mapping[str, np.ndarray]) -> None:
        import tensorflow as tf

        problem, self.operations = examine(files)
        if problem:
            self._states = {
                name: State(problem) if state.is_there else state
                for name, state in self._states.items()
            }
            return
        with memory.folder() as folder:
            for name in FILES:
                memory.write(f"{folder}/{name}", files[name])
            with quiet():  # TensorFlow warns about second-order gradients
                self._root = tf.saved_model.load(folder)
        loaded = dict(self._root.functions)
        self._functions = {n: f for n, f in loaded.items() if self._states.get(n) == State()}
        self._lists = dict(self._root.variable_lists)


def with_moved(variables: Sequence[tuple[Any, Any]], observe: Callable[[], Any]) -> list[Any]:
    """Return what is observed while variables have other values, and restore them.

    Parameters
    ----------
    variables : sequence of (tf.Variable, array)
        The variables, and the values around which they are moved and to which they return.
    observe : callable
        Called once with all of them far larger, and once with all of them at -1.
    """
    observations = []
    for move in (lambda x: x + 10**6, lambda x: 0 * x - 1):
        for variable, start in variables:
            variable.assign(~start if start.dtype == bool else move(start).astype(start.dtype))
        observations.append(observe())
    for variable, start in variables:
        variable.assign(start)
    return observations


def is_random(kind: str) -> bool:
    """Return whether an operation draws random numbers."""
    return kind.startswith(RANDOM) or kind.startswith(("StatefulStandard", "StatefulUniform"))


def examine(files: Mapping[str, np.ndarray]) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Examine a SavedModel before it is loaded.

    Returns
    -------
    problem : str
        Why it may not be loaded, in a sentence; empty if it may.
    operations : dict of str to tuple of str
        Kinds of the operations of each function.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    if sum(np.size(data) for data in files.values()) > LARGEST:
        return _problem(f"is larger than {LARGEST // 2**20} MiB"), {}
    model = SavedModel()
    try:
        model.ParseFromString(np.asarray(files[FILES[0]], np.uint8).tobytes())
        (graph,) = model.meta_graphs
    except (DecodeError, ValueError, KeyError, TypeError):
        return _problem("cannot be read"), {}
    library = graph.graph_def.library
    bodies = {function.signature.name: list(function.node_def) for function in library.function}
    if not _has_usual_form(graph, bodies):
        return _problem("is not of the form in which TensorFlow saves one"), {}
    if sum(map(len, bodies.values())) > MOST_NODES:
        return _problem(f"has more than {MOST_NODES:,} operations"), {}
    named = dict(_function_names(graph.object_graph_def))
    operations = {name: tuple(sorted(_kinds([body], bodies))) for name, body in named.items()}
    # The functions that save and restore variables write files. They are never called, so they are
    # left out here unless another function calls them.
    called = [function for function in bodies if not function.startswith(SAVER)]
    called += [function.gradient_func for function in library.registered_gradients]
    kinds = _kinds(called, bodies)
    if refused := sorted(kinds & PYTHON):
        return _PYTHON.format(refused[0]), operations
    if refused := sorted(kind for kind in kinds if not _is_allowed(kind)):
        return _problem(
            f"holds the operation {refused[0]}, which an answer may not use"
        ), operations
    if any(_prints_to_file(node) for body in bodies.values() for node in body):
        return _problem("prints into a file"), operations
    return "", operations


_PYTHON = (
    "The graph of your answer holds a Python function ({}, as tf.py_function and tf.numpy_function "
    "make it), so it cannot be saved, exported or run anywhere but in your own notebook: compute "
    "with operations of Keras or TensorFlow."
)


def _problem(what: str) -> str:
    return f"The graph of your answer {what}, so it cannot be checked."


def _function_names(objects: Any) -> Iterator[tuple[str, str]]:
    """Yield the name of each function of the root object and its name in the library."""
    nodes = objects.nodes
    children = {child.local_name: child.node_id for child in nodes[0].children}
    for child in nodes[children["functions"]].children if "functions" in children else ():
        node = nodes[child.node_id]
        if node.WhichOneof("kind") == "bare_concrete_function":
            yield child.local_name, node.bare_concrete_function.concrete_function_name


def _has_usual_form(graph: Any, bodies: Mapping[str, list[Any]]) -> bool:
    """Return whether a saved graph is unambiguous and can be loaded without running any of it.

    Two functions of the same name, or a function named like an operation, could hide what is
    called. Resources, and variables with their own restore functions, run code when loaded.
    """
    from tensorflow.python.framework import op_def_registry

    objects = graph.object_graph_def.nodes
    return (
        len(objects) > 0
        and len(bodies) == len(graph.graph_def.library.function)
        and not any(op_def_registry.get(name) for name in bodies)
        and not any(node.saveable_objects for node in objects)
        and all(node.registered_name in ("", "tf.TrackableConstant") for node in objects)
        and all(node.WhichOneof("kind") in OBJECTS for node in objects)
        and all(node.user_object.identifier in ("", *CONTAINERS) for node in objects)
    )


def _operations_of(name: str, bodies: Mapping[str, list[Any]]) -> set[str]:
    return {node.op for node in bodies[name] if node.op not in bodies}


def _kinds(names: Iterable[str], bodies: Mapping[str, list[Any]]) -> set[str]:
    """Return the kinds of operations in some functions and in all that they call."""
    seen, waiting, kinds = set(), list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in bodies:
            continue
        seen.add(name)
        kinds |= _operations_of(name, bodies)
        waiting += _called(bodies[name])
    return kinds


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            yield from (value.func.name, *(function.name for function in value.list.func))


def _prints_to_file(node: Any) -> bool:
    return bool(node.op == "PrintV2" and node.attr["output_stream"].s.startswith(b"file:"))


def _is_allowed(kind: str) -> bool:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(kind)
    if definition is None or kind in FILE_OPERATIONS:
        return False
    return not definition.is_stateful or kind in STATEFUL or kind.startswith("TensorArray")
