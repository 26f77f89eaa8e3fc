"""Notice that student code has replaced something that the checks run through.

The probes of a check run beside the student's code, in the same interpreter. A function of NumPy,
TensorFlow or ours that was replaced there would tell them what the student likes. So it is written
down, before any student code runs, which object every name of these libraries stands for, and this
is compared when a probe has run.
"""

import builtins
import functools
import gc
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

OWN = ("autograder.checks", "autograder.wire", "autograder.worker", "latents.errors")
NEAR = (  # what probes call themselves, and what carries their replies; the rest is far
    *OWN,
    "base64 builtins contextlib json json.encoder logging os random struct threading traceback",
    "warnings multiprocessing.connection multiprocessing.reduction keras.layers keras.models",
    "keras keras.ops keras.random keras.src.layers.layer keras.src.models.functional",
    "keras.src.models.model keras.src.backend.tensorflow.trainer keras.src.random.random",
    "keras.src.trainers.trainer keras.src.backend.tensorflow.random numpy numpy.linalg",
    "numpy.random numpy.lib.stride_tricks tensorflow tensorflow._api.v2.linalg",
    "tensorflow._api.v2.math tensorflow._api.v2.nest tensorflow._api.v2.random",
    "tensorflow.python.eager.backprop tensorflow.python.framework.ops",
    "tensorflow.python.eager.polymorphic_function.polymorphic_function",
    "tensorflow.python.framework.tensor tensorflow.python.ops.resource_variable_ops tf_keras",
    "tf_keras.layers tf_keras.src.engine.base_layer tf_keras.src.engine.functional",
    "tf_keras.src.engine.training tensorflow_probability tensorflow_probability.distributions",
    "tensorflow_probability.python.distributions.distribution",
)
FAR = (
    "IPython.core.interactiveshell keras numpy tensorflow._api.v2 tensorflow.python.eager",
    "tensorflow.python.framework tensorflow.python.ops tensorflow.python.util tf_keras.src.engine",
    "tf_keras.src.layers tf_keras.src.losses tf_keras.src.utils",
    "tensorflow_probability.python.distributions tensorflow_probability.python.layers",
)
ALIASES = ("tensorflow._api.v2.compat", "tensorflow._api.v2.__internal__")  # of older versions
BOUND = (FunctionType, BuiltinFunctionType, type, property, staticmethod, classmethod)
HEAP_TYPE, IMMUTABLE_TYPE = 1 << 9, 1 << 8  # flags of classes in CPython
BUILTINS = frozenset(vars(builtins))

Watch = Callable[[], str]


class Namespace:
    """The names of a module, of a class or of one of our objects, and what they stand for.

    Parameters
    ----------
    label : str
        How a student knows it.
    names : mapping
        The living namespace.
    kept : dict
        The names that must not change.
    refused : frozenset of str or None
        Names that must not be added; None for any that stands for a function.
    """

    def __init__(self, label: str, names: Mapping, kept: dict, refused: frozenset | None):
        self.label, self.names, self.refused = label, names, refused
        self.kept, self.before = tuple(kept.items()), frozenset(names)

    def changed(self) -> str:
        """Return the first name that has changed, or an empty text."""
        for name, value in self.kept:
            if self.names.get(name) is not value:
                return f"{self.label}.{name}"
        for name in frozenset(self.names) - self.before:
            if name in self.refused if self.refused is not None else _is_bound(self.names[name]):
                return f"{self.label}.{name}"
        return ""


def watches() -> tuple[Watch, Watch]:
    """Return functions that name what has changed since now: nearby, and anywhere else."""
    near, far = (tuple(" ".join(part).split()) for part in (NEAR, FAR))
    modules = dict(sys.modules)
    close = {name: modules[name] for name in modules if name in near or _below(name, OWN)}
    rest = {
        name: module
        for name, module in modules.items()
        if _below(name, far) and not _below(name, ALIASES) and name not in close
    }
    seen: set[int] = set()
    return _watch(_namespaces(close, seen)), _watch(_namespaces(rest, seen))


def taken() -> tuple[Watch, Watch]:
    """Return what `watches` did before any student code ran; only once, so that none finds it."""
    from autograder import warm

    return vars(warm).pop("WATCHES")


def _below(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def _namespaces(modules: dict[str, Any], seen: set[int]) -> Iterator[Namespace]:
    """Yield the namespaces of modules and of the classes that they define."""
    yield Namespace("sys.modules", sys.modules, modules, frozenset())
    for label, module in modules.items():
        if not isinstance(module, ModuleType):
            continue
        names = vars(module)
        own = _below(label, OWN)
        kept = {name: value for name, value in names.items() if own or _is_callable(value)}
        kept.pop("__warningregistry__", None)
        # A global of the name of a builtin hides it from the functions of the module.
        yield Namespace(label, names, kept, BUILTINS - frozenset(names))
        for each in _classes(names, modules):
            if id(each) not in seen:
                seen.add(id(each))
                yield from _of_class(each)
        if own:
            yield from _objects(label, names)


def _classes(names: dict, modules: dict[str, Any]) -> Iterator[type]:
    """Yield the classes in a namespace and their bases, if they belong to some modules."""
    for value in list(names.values()):
        if isinstance(value, type):
            yield from (each for each in type.mro(value) if _can_change(each, modules))


def _can_change(each: type, modules: dict[str, Any]) -> bool:
    made_in_python = each.__flags__ & HEAP_TYPE and not each.__flags__ & IMMUTABLE_TYPE
    return bool(made_in_python) and each.__module__ in modules


def _of_class(each: type) -> Iterator[Namespace]:
    names = each.__dict__
    kept = {name: value for name, value in names.items() if isinstance(value, BOUND)}
    yield Namespace(f"{each.__module__}.{each.__qualname__}", names, kept, None)


def _objects(label: str, names: dict) -> Iterator[Namespace]:
    """Yield what our exercises and their checks hold; nothing may be added to them."""
    exercise = names.get("EXERCISE")
    if exercise is not None:
        yield Namespace(f"{label}.EXERCISE", vars(exercise), dict(vars(exercise)), None)
        for check in exercise.checks:
            yield Namespace(f"{label}.{check.name}", vars(check), dict(vars(check)), None)


def _is_callable(value: Any) -> bool:
    return callable(value) or type(value) is ModuleType


def _is_bound(value: Any) -> bool:
    return isinstance(value, BOUND) or hasattr(type(value), "__get__") or callable(value)


def _watch(namespaces: Iterator[Namespace]) -> Watch:
    """Return a function that names what has changed in some namespaces."""
    found = tuple(namespaces)
    rows = tuple(
        (each.names.get, *zip(*each.kept, strict=True)) if each.kept else (each.names.get, (), ())
        for each in found
    )
    living, sizes = tuple(each.names for each in found), tuple(len(each.names) for each in found)
    return functools.partial(_first_change, found, rows, living, sizes, Namespace.changed)


def _first_change(
    found: tuple, rows: tuple, living: tuple, sizes: tuple, changed: Callable,
    all=all, callbacks=gc.callbacks, is_=operator.is_, len=len, map=map, zip=zip,
) -> str:  # fmt: skip
    """Return the first name that has changed, or an empty text.

    All functions that this uses are bound above, since names are what student code may have
    changed; and only identities are compared, since objects may say that they equal everything.
    """
    if callbacks:
        return "gc.callbacks"
    for each, (get, names, values), now, size in zip(found, rows, living, sizes, strict=True):
        same = all(map(is_, map(get, names), values))
        if (not same or len(now) != size) and (label := changed(each)):
            return label
    return ""
