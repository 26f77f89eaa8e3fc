"""What student code may not ask the interpreter for: the objects and frames of others.

The process of a notebook answers for the notebook with a key that only the frame of its main thread
holds. Python tells of every way to objects and frames of others by an audit event, and a hook on
these events cannot be removed. Code of the libraries may go on using them.
"""

import inspect
import logging
import sys
import traceback
from _thread import get_ident
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import latents
from autograder import rootfs

NOBODY = {
    "gc.get_objects",
    "gc.get_referents",
    "gc.get_referrers",
    "sys._current_exceptions",
    "sys._current_frames",
    "sys.addaudithook",
    "sys.monitoring.register_callback",
    "sys.setprofile",
    "sys.settrace",
}
FRAMES = {"ag_frame", "cr_frame", "gi_frame", "tb_frame"}
FUNCTIONS = {"__code__", "__defaults__", "__kwdefaults__"}
DISGUISES = {"code.__new__", "marshal.loads"}  # give code the name of any file
ATTRIBUTES = {"object.__getattr__": FRAMES, "object.__setattr__": FUNCTIONS}
WATCHED = NOBODY | DISGUISES | ATTRIBUTES.keys() | {"compile", "sys._getframe"}
FROZEN = "<frozen "  # begins the names of the files that are part of the interpreter
WORKER = str(Path(__file__).with_name("worker.py"))


class RefusedError(RuntimeError):
    """Student code asked for what belongs to others; the message says what."""


def install() -> None:
    """Refuse from now on, for the life of this process, what student code may not ask for."""
    sys.addaudithook(_hook(_library()))


def _library() -> tuple[str, ...]:
    """Return how the names of the files begin that hold no code of students."""
    folders = {sys.prefix, sys.base_prefix, Path(__file__).parent, Path(latents.__file__).parent}
    return (*(f"{folder}/" for folder in map(str, [*folders, *rootfs.packages()])), FROZEN)


def _hook(library: tuple[str, ...]) -> Callable[[str, tuple], None]:
    """Return the hook. It is called at every event, of which most must pass it quickly."""
    inside: set[int] = set()  # threads; for the hook's own questions are events, too

    def hook(event: str, details: tuple) -> None:
        if event not in WATCHED or get_ident() in inside:
            return
        if event in ATTRIBUTES and details[1] not in ATTRIBUTES[event]:
            return
        inside.add(get_ident())
        try:
            if _is_refused(event, details, sys._getframe(1), library):
                what = f"{event} {details[1]}" if event in ATTRIBUTES else event
                raise RefusedError(f"{what} is not available while a notebook is graded")
        finally:
            inside.discard(get_ident())

    return hook


def _is_refused(event: str, details: tuple, caller: FrameType, library: tuple[str, ...]) -> bool:
    """Return whether code that is no library's does what only libraries may do."""
    if event in NOBODY:
        return caller.f_code.co_filename != WORKER
    if event == "compile" and not _claims(details[1], library):
        return False
    if event == "object.__setattr__" and details[0].__globals__.get("__name__") == "__main__":
        return False  # a function of the notebook
    while _hands_out_frames(caller):
        caller = caller.f_back
    return not caller.f_code.co_filename.startswith(library)


def _claims(file: object, library: tuple[str, ...]) -> bool:
    """Return whether code is to be taken for code of that file of a library."""
    name = file.decode("utf-8", "replace") if isinstance(file, bytes) else file
    return isinstance(name, str) and name.startswith(library)


def _hands_out_frames(caller: FrameType) -> bool:
    """Return whether a function of Python gives the frames that it asks for to its own caller."""
    file, name = caller.f_code.co_filename, caller.f_code.co_name
    if caller.f_back is None or file not in (
        inspect.__file__,
        logging.__file__,
        traceback.__file__,
    ):
        return False
    return file == inspect.__file__ or name in ("currentframe", "walk_stack", "walk_tb")
