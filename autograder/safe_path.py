"""Import nothing from the folder in which a command was started; it may hold a student's files.

`tqdm.py` in a submission would run as the instructor, outside of any containment, if the autograder
or a process that it starts looked for modules there. Nothing may be imported before this.
"""

import os
import sys


def working_folder_left_out(path: list[str], here: str, package: str) -> list[str]:
    """Return where to look for modules.

    Parameters
    ----------
    path : list of str
        Where Python would look: ``python -m`` puts the working folder first, and an empty or
        relative entry is below it.
    here : str
        The working folder.
    package : str
        The folder that holds this package, which stays: that may be a clone of the book.
    """
    # A relative entry that is no folder is a hook, as of packages that are installed to be edited.
    kept = [each for each in path if os.path.isabs(each) or (each and not os.path.isdir(each))]  # noqa: PTH112, PTH117
    if path[:1] not in ([here], [""]):
        return kept
    rest = kept[1:] if path[0] else kept
    return [package, *rest] if here == package else rest


def of_this_process() -> None:
    """Leave the working folder out for this process."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib itself could be a file in that folder
    except FileNotFoundError:  # it was removed
        here = ""
    sys.path[:] = working_folder_left_out(sys.path, here, package)


def of_those_it_starts() -> None:
    """Leave the working folder out for all Python processes that this one starts."""
    os.environ["PYTHONSAFEPATH"] = "1"


of_this_process()
