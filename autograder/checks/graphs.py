"""Load the graph of an answer, after a look at what it would do, and call it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks import memory
from autograder.checks.contract import at
from autograder.checks.export import FILES
from autograder.checks.surroundings import quiet
from autograder.checks.values import Values

LARGEST = 24 * 2**20  # bytes of a graph with its variables
MOST_NODES = 50_000
# What runs Python of the process that made the graph, and so cannot run anywhere else.
PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
# Operations with a state or an effect that an answer may use; all others of that kind are refused.
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
# Have no state, but reach outside.
OF_FILES = {"GenerateVocabRemapping", "MatchingFiles", "ReadFile", "WriteFile"}
RANDOM = ("Random", "StatelessRandom", "TruncatedNormal", "ParameterizedTruncated", "Multinomial")
# What a saved answer consists of.
OBJECTS = {"bare_concrete_function", "captured_tensor", "constant", "user_object", "variable"}
CONTAINERS = (
    "_generic_user_object",
    "signature_map",
    "trackable_dict_wrapper",
    "trackable_list_wrapper",
)
SAVER = ("__inference__traced_save_", "__inference__traced_restore_")


class NoGraphError(Exception):
    """There is no graph to look at.

    Attributes
    ----------
    state : dict
        ``{"problem": sentence}``, or ``{"missing": True}`` for an answer that is still the stub.
    """

    def __init__(self, state: Mapping[str, Any]):
        self.state = dict(state)
        super().__init__(state.get("problem", "not attempted"))


class Graphs:
    """The functions of an answer, each a graph.

    Parameters
    ----------
    exported : dict
        What ``export`` returned, perhaps in a process that is not to be trusted.

    Attributes
    ----------
    notes : dict
        What one probe has measured and another one needs too.
    """

    def __init__(self, exported: Values):
        self._states: dict[str, Values] = exported["functions"]
        self._functions: dict[str, Callable[..., Any]] = {}
        self._lists: Mapping[str, list[Any]] = {}
        self.operations: dict[str, tuple[str, ...]] = {}
        self.notes: dict[Hashable, Any] = {}
        if exported["files"]:
            self._load(exported["files"])

    def get(self, name: str, batch: int | None = None) -> Callable[..., Any]:
        """Return a function, which takes tensors and returns what the answer returned.

        Parameters
        ----------
        name : str
            As the contract of the exercise has it.
        batch : int, optional
            Size of the batch. It matters where the function could not be traced without knowing
            one: then the function for that size is returned if there is one.

        Raises
        ------
        NoGraphError
            If the answer did not give this function.
        """
        for each in (name, at(name, batch) if batch else name):
            if each in self._functions:
                return self._functions[each]
        raise NoGraphError(self.state(name))

    def has(self, name: str) -> bool:
        """Return whether there is a function of this name."""
        return name in self._functions

    def state(self, name: str) -> Values:
        """Return why there is no such function: a ``problem``, or that it is ``missing``."""
        return self._states.get(name) or self._states.get("") or {"problem": "It was not traced."}

    def variables(self, name: str, of: str, batch: int | None = None) -> list[Any]:
        """Return the variables that the contract has listed for a function; see ``get``."""
        self.get(name, batch)
        return list(self._lists.get(f"{name}.{of}", ()))

    def all_variables(self) -> list[Any]:
        """Return the variables of all functions, the states of generators included."""
        return list(self._root.captured)

    def random_operations(self, name: str) -> list[str]:
        """Return the kinds of operations in a function that draw random numbers."""
        return sorted({kind for kind in self.operations[name] if is_random(kind)})

    def _load(self, files: Mapping[str, np.ndarray]) -> None:
        import tensorflow as tf

        problem, self.operations = examine(files)
        if problem:
            self._states = {name: state or problem for name, state in self._states.items()}
            return
        with memory.folder() as folder:
            for name in FILES:
                memory.write(f"{folder}/{name}", files[name])
            with quiet():  # TensorFlow warns of gradients of gradients
                self._root = tf.saved_model.load(folder)
        loaded = dict(self._root.functions)
        self._functions = {n: f for n, f in loaded.items() if self._states.get(n) == {}}
        self._lists = dict(self._root.variable_lists)


def is_random(kind: str) -> bool:
    """Return whether an operation draws random numbers."""
    return kind.startswith(RANDOM) or kind.startswith(("StatefulStandard", "StatefulUniform"))


def examine(files: Mapping[str, np.ndarray]) -> tuple[Values, dict[str, tuple[str, ...]]]:
    """Look into a SavedModel before it is loaded.

    Returns
    -------
    problem : dict
        Empty, or with a ``problem`` in a sentence.
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
    bodies = {each.signature.name: list(each.node_def) for each in library.function}
    if not _is_usual(graph, bodies):
        return _problem("is not of the form in which TensorFlow saves one"), {}
    if sum(map(len, bodies.values())) > MOST_NODES:
        return _problem(f"has more than {MOST_NODES:,} operations"), {}
    named = dict(_named(graph.object_graph_def))
    operations = {name: tuple(sorted(_kinds([body], bodies))) for name, body in named.items()}
    # What saves and restores variables writes files. It is never called: unless another one does.
    called = [each for each in bodies if not each.startswith(SAVER)]
    called += [each.gradient_func for each in library.registered_gradients]
    kinds = _kinds(called, bodies)
    if found := sorted(kinds & PYTHON):
        return {"problem": _PYTHON.format(found[0])}, operations
    if found := sorted(kind for kind in kinds if not _is_allowed(kind)):
        return _problem(f"holds the operation {found[0]}, which an answer may not use"), operations
    if any(_prints_into_a_file(node) for body in bodies.values() for node in body):
        return _problem("prints into a file"), operations
    return {}, operations


_PYTHON = (
    "The graph of your answer holds a Python function ({}, as tf.py_function and tf.numpy_function "
    "make it), so it cannot be saved, exported or run anywhere but in your own notebook: compute "
    "with operations of Keras or TensorFlow."
)


def _problem(what: str) -> Values:
    return {"problem": f"The graph of your answer {what}, so it cannot be checked."}


def _named(objects: Any) -> Iterator[tuple[str, str]]:
    """Yield the name of each function of the root and the name that it has in the library."""
    nodes = objects.nodes
    children = {child.local_name: child.node_id for child in nodes[0].children}
    for child in nodes[children["functions"]].children if "functions" in children else ():
        found = nodes[child.node_id]
        if found.WhichOneof("kind") == "bare_concrete_function":
            yield child.local_name, found.bare_concrete_function.concrete_function_name


def _is_usual(graph: Any, bodies: Mapping[str, list[Any]]) -> bool:
    """Return whether a saved graph has one meaning only, and loading it runs nothing of it.

    Two functions of a name, or one with the name of an operation, could hide what is called.
    Resources, and variables with functions of their own to restore them, run when they are loaded.
    """
    from tensorflow.python.framework import op_def_registry

    objects = graph.object_graph_def.nodes
    return (
        len(objects) > 0
        and len(bodies) == len(graph.graph_def.library.function)
        and not any(op_def_registry.get(name) for name in bodies)
        and not any(each.saveable_objects for each in objects)
        and all(each.registered_name in ("", "tf.TrackableConstant") for each in objects)
        and all(each.WhichOneof("kind") in OBJECTS for each in objects)
        and all(each.user_object.identifier in ("", *CONTAINERS) for each in objects)
    )


def _own(name: str, bodies: Mapping[str, list[Any]]) -> set[str]:
    return {node.op for node in bodies[name] if node.op not in bodies}


def _kinds(names: Iterable[str], bodies: Mapping[str, list[Any]]) -> set[str]:
    """Return the operations of some functions and of all functions that these call."""
    seen, waiting, kinds = set(), list(names), set()
    while waiting:
        each = waiting.pop()
        if each in seen or each not in bodies:
            continue
        seen.add(each)
        kinds |= _own(each, bodies)
        waiting += _called(bodies[each])
    return kinds


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            yield from (value.func.name, *(each.name for each in value.list.func))


def _prints_into_a_file(node: Any) -> bool:
    return bool(node.op == "PrintV2" and node.attr["output_stream"].s.startswith(b"file:"))


def _is_allowed(kind: str) -> bool:
    from tensorflow.python.framework import op_def_registry

    found = op_def_registry.get(kind)
    if found is None or kind in OF_FILES:
        return False
    return not found.is_stateful or kind in STATEFUL or kind.startswith("TensorArray")
