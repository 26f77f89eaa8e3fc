"""Contain a process before student code runs in it, in the best way that this machine allows."""

import functools
import sys

from autograder.sandbox import bubblewrap, namespaces
from autograder.sandbox.confine import Containment, Limits
from autograder.sandbox.namespaces import SLOTS, enter
from autograder.sandbox.rootfs import readable_paths
from autograder.sandbox.watcher import SandboxError

__all__ = [
    "SLOTS",
    "Containment",
    "Limits",
    "SandboxError",
    "available",
    "enter",
    "readable_paths",
    "reason",
]


def available() -> Containment:
    """Return the best containment that this machine and process allow; it is tried only once."""
    return availability()[0]


def reason() -> str:
    """Return why `available` returns ``NONE``, as a sentence; empty if it does not."""
    return availability()[1]


@functools.cache
def availability() -> tuple[Containment, str]:
    """Return the best containment, and why it is ``NONE`` if it is; this is tried only once."""
    if sys.platform != "linux":
        return Containment.NONE, f"Notebooks can be contained on Linux only, not on {sys.platform}."
    if not (refusal := namespaces.fault()):
        return namespaces.kind(), ""
    if not (bwrap_refusal := bubblewrap.fault()):
        return Containment.BUBBLEWRAP, ""
    return Containment.NONE, f"{refusal} {bwrap_refusal}"
