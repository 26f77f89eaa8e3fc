"""Take a MyST chapter apart: code cells, figures, prose, and the numbers that it quotes."""

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```[ ]*$", re.S | re.M)
OPTIONS_AND_CODE = re.compile(r"((?::[^\n]*\n)*)(.*)", re.S)
FENCE = re.compile(r"(`{3,}|:{3,})(.*)")
CODE = re.compile(r"\{(?:code-cell|code|code-block|math|bibliography)\}|(?!\{)")  # what is no prose
FIGURE = re.compile(r"^(`{3,}|:{3,})\{(glue:)?figure\}[ ]+(\S+)[ ]*\n(.*?)^\1[ ]*$", re.S | re.M)
OPTION = re.compile(r"^:([\w-]+):[ ]*(.*)$", re.M)


def chapters() -> list[Path]:
    """Return the pages of the book that are notebooks: foundations, experiments, further."""
    files = [
        file
        for room in ("experiments", "foundations", "further")
        for file in sorted((PROJECT / "book" / room).glob("*.md"))
    ]
    return [file for file in files if "\nkernelspec:" in file.read_text()]


def without_header(text: str) -> str:
    return re.sub(r"\A---\n.*?^---\n", "", text, flags=re.S | re.M)


def without_code(text: str) -> str:
    """Return the text without code and formula blocks; directives that hold prose stay."""
    kept, directives, code_end = [], [], None
    for line in without_header(text).splitlines():
        fence = FENCE.match(line)
        if code_end:
            code_end = None if line.rstrip() == code_end else code_end
        elif fence and directives and line.rstrip() == directives[-1]:
            directives.pop()
        elif fence and CODE.match(fence[2].strip()):
            code_end = fence[1]
        else:
            kept.append(line)
            if fence:
                directives.append(fence[1])
    return "\n".join(kept)


def cells(text: str) -> list[tuple[str, str]]:
    """Return the options and the code of every code cell."""
    return [OPTIONS_AND_CODE.match(cell).groups() for cell in CODE_CELL.findall(text)]


WORDS, LINES = 120, 8  # of a dense text, and of code, that a reader takes in within a minute


def reading_minutes(text: str) -> int:
    """Return the time to read a chapter and its code once, to five minutes; exercises apart."""
    body = text.partition("\n## Exercises\n")[0]
    words = len(re.sub(r"^:(?!alt)[\w-]+:.*$", "", without_code(body), flags=re.M).split())
    hidden = {cell for tag in ("hide-cell", "hide-input") for cell in tagged(body, tag)}
    shown = [code for _, code in cells(body) if code not in hidden]
    lines = sum(bool(line.strip()) for code in shown for line in code.splitlines())
    return 5 * round((words / WORDS + lines / LINES) / 5)


def code(text: str) -> list[ast.Module]:
    """Return the parsed code cells, without their options."""
    return [ast.parse(code) for _, code in cells(text)]


def tagged(text: str, tag: str) -> list[str]:
    """Return the code cells that have this tag, without their options."""
    tags = re.compile(r"^:tags: \[(.*)\]$", re.M)
    return [
        code
        for options, code in cells(text)
        if (found := tags.search(options)) and tag in found[1].split(", ")
    ]


def prose(text: str) -> str:
    """Return what the author wrote by hand: no code, formulas, roles, inline code, addresses."""
    text = without_code(text)
    for dropped in (
        r"^:(?!alt)[\w-]+:.*$",  # options of directives, except alternative texts
        r"^[`:]{3,}\{.*$",
        r"(?s:\$\$.*?\$\$)",
        r"\{[\w:-]+\}`[^`]*`",
        r"(`+).+?\1",
        r"(?<![\\$])\$[^$\n]+\$",
        r"https?://\S+",
    ):
        text = re.sub(dropped, "•", text, flags=re.M)
    return text


def figures(text: str) -> list[tuple[str, dict, str, bool]]:
    """Return (name, options, caption, glued) of every figure."""
    found = []
    for _, glued, name, body in FIGURE.findall(text):
        options = dict(OPTION.findall(body))
        found.append((name, options, OPTION.sub("", body).strip(), bool(glued)))
    return found


def glued_text(text: str) -> set[str]:
    """Return the names that the prose pastes with ``{glue:text}`` or ``{glue:}``."""
    return set(re.findall(r"\{glue:(?:text)?\}`([^`:]+)(?::[^`]*)?`", text))


def calls(trees, module: str, function: str) -> list[ast.Call]:
    """Return the calls ``module.function(...)``."""
    wanted = f"{module}.{function}"
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == wanted]


def quoted_names(trees) -> list[str]:
    """Return a regular expression for every name that the chapter passes to records.quote."""
    patterns = []
    for call in calls(trees, "records", "quote"):
        for keyword in call.keywords:
            if keyword.arg:
                patterns.append(re.escape(keyword.arg))
            else:
                patterns += _keys(keyword.value, trees)
    if calls(trees, "records", "quote_time"):
        patterns += ["run_time", "run_place"]
    return patterns


def _keys(value: ast.expr, trees) -> list[str]:
    if isinstance(value, ast.DictComp):
        return [_pattern(value.key)]
    if isinstance(value, ast.Dict):
        pairs = zip(value.keys, value.values, strict=True)
        return [
            p for key, v in pairs for p in (_keys(v, trees) if key is None else [_pattern(key)])
        ]
    return [
        pattern
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(value)
        for pattern in _keys(node.value, trees)
    ]


def _pattern(key: ast.expr) -> str:
    if isinstance(key, ast.JoinedStr):
        parts = [re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in key.values]
        return "".join(parts)
    return re.escape(str(ast.literal_eval(key)))
