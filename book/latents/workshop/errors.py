"""An exception in an answer as a sentence, with the line of the answer that raised it."""

import linecache
import re
import traceback

LONGEST = 300  # characters of an error message that are repeated


def explain(error: BaseException) -> dict:
    """Return what an exception says and where, or that the answer is still the stub.

    Returns
    -------
    dict
        ``{"problem": sentence}``, with number and text of the last line of the answer that it came
        through, or ``{"missing": True}`` if that line is the ``NotImplementedError`` of a stub.
    """
    # A KeyError shows its message as Python would write it, with \n for the end of a line.
    described = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else error
    message, place = _converted(_text(described))
    place = _deepest(error) or place
    if isinstance(error, NotImplementedError) and place and "NotImplementedError" in place[1]:
        return {"missing": True}
    kind = type(error).__name__
    message = _clean(message)
    what = f"{kind}: {message}" if message else kind
    line = f"Line {place[0]} of your answer, `{place[1]}`," if place else "Your answer"
    return {"problem": f"{line} raised {what}{'' if what.endswith(('.', '!', '?')) else '.'}"}


def _text(error: object) -> str:
    """Return the text of an exception; one whose own code for that fails has none."""
    try:
        return str(error)
    except BaseException:
        return ""


def is_students(file: str) -> bool:
    """Return True for the file name of a notebook cell: in Jupyter, Colab, IPython or here."""
    return any(word in file for word in ("ipykernel_", "ipython-input-", "<answer"))


def _deepest(error: BaseException) -> tuple[int, str] | None:
    """Return line number and text of the last line of the student's cell in a traceback."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_students(f.filename)]
    if not frames:
        return None
    last = frames[-1]
    if last.lineno is None:  # as for some instructions that stand in no line
        return None
    return last.lineno, (last.line or linecache.getline(last.filename, last.lineno)).strip()


def _converted(message: str) -> tuple[str, tuple[int, str] | None]:
    """Take apart the message of an error inside a function that TensorFlow has compiled."""
    if "in user code:" not in message:
        return message, None
    frames = re.findall(r'File "(.+?)", line (\d+), in .*\n +(.+)', message)
    students = [(int(line), code.strip()) for file, line, code in frames if is_students(file)]
    lines = message.splitlines()
    kinds = [k for k, line in enumerate(lines) if re.match(r"\s+\w+(Error|Exit)\b", line)]
    ending = [line.strip() for line in lines[kinds[-1] if kinds else -1 :]]
    return re.sub(r"^\w+(Error|Exit): ?", "", "\n".join(ending)), students[-1] if students else None


def _of_graph(message: str) -> str:
    """Return what an error of a compiled graph says, without where TensorFlow was built and run."""
    if "Graph execution error" not in message:
        return message
    lines = [line.strip() for line in message.splitlines()]
    places = [k for k, line in enumerate(lines) if line.startswith(('File "', "Detected at node"))]
    ending = lines[places[-1] + 1 :] if places else lines
    ending = [line for line in ending if line and not line.startswith(("<stack traces", "[["))]
    return re.sub(r"\s*\[\[.*|\s*\[Op:.*", "", " ".join(ending))


def _clean(message: str) -> str:
    """Return the part of an error message that says something, on one line."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    message = re.sub(r"Exception encountered when calling .+\n\n", "", message)
    message = _of_graph(message)
    message = re.sub(r"(?s).*\bError encountered:\s+", "", message)  # Keras tells the cause last
    message = re.split(r"\n\nArguments received by|\n\nCall arguments received by", message)[0]
    message = re.sub(r"\{\{.*?\}\}|__wrapped__\S+ ", "", message)
    message = re.sub(r"0x[0-9a-f]{6,}", "0x…", message)  # addresses differ from run to run
    message = re.sub(r" \[Op:\w+\]( name:.*)?$", "", " ".join(message.split()))
    return message if len(message) <= LONGEST else message[: LONGEST - 1].rstrip() + "…"
