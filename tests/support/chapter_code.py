"""The functions that a chapter defines, without running the chapter."""

import ast
import types

import chapter_text

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def functions(chapter: str) -> types.SimpleNamespace:
    """Return what the code cells of a chapter import and define, as attributes.

    Imports, functions, classes and literal constants in capitals (``SEED = 42``) at the top level
    of all cells, solutions included, are executed in their order in one namespace. Everything else
    is left out, so a function that reads another global of its chapter raises NameError.

    Parameters
    ----------
    chapter : str
        Name of the file without its ending, such as ``"kl_divergence"``.

    Raises
    ------
    FileNotFoundError
        No room of the book has this chapter.
    """
    found = next((file for file in chapter_text.chapters() if file.stem == chapter), None)
    if found is None:
        raise FileNotFoundError(f"no chapter {chapter} in the book")
    trees = chapter_text.code(found.read_text())
    kept = [node for tree in trees for node in tree.body if _is_definition(node)]
    namespace = {"__name__": chapter}
    exec(compile(ast.Module(kept, type_ignores=[]), f"<{chapter}>", "exec"), namespace)
    return types.SimpleNamespace(**namespace)


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        return ast.unparse(node.targets[0]).isupper()
    return isinstance(node, DEFINITIONS)
