"""Keep Python from importing modules from the working folder, which may hold a student's files.

If the autograder or one of its processes looked for modules there, a `tqdm.py` in a submission
would run as the instructor, outside of any containment. Import this module before any other.
"""

import os
import sys


def without_working_folder(path: list[str], here: str, package: str) -> list[str]:
    """Return a module search path without the working folder.

    Parameters
    ----------
    path : list of str
        The search path of Python. ``python -m`` puts the working folder first, and an empty or
        relative entry refers to it or to a folder below.
    here : str
        The working folder.
    package : str
        The folder that holds this package. It is kept even if it is the working folder, as in a
        clone of the book.
    """
    # A relative entry that is no folder is an import hook, as of an editable installation.
    kept = [entry for entry in path if os.path.isabs(entry) or (entry and not os.path.isdir(entry))]  # noqa: PTH112, PTH117
    if path[:1] not in ([here], [""]):
        return kept
    rest = kept[1:] if path[0] else kept
    return [package, *rest] if here == package else rest


def protect_this_process() -> None:
    """Remove the working folder from the search path of this process."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib itself could be a file in that folder
    except FileNotFoundError:  # the folder was removed
        here = ""
    sys.path[:] = without_working_folder(sys.path, here, package)


def protect_child_processes() -> None:
    """Keep the working folder off the search path of all Python processes that this one starts."""
    os.environ["PYTHONSAFEPATH"] = "1"


protect_this_process()
