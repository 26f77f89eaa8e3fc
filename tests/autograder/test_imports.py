"""Who may import whom: the contracts in ``pyproject.toml`` hold."""

import os
import subprocess
import sys

LINT = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"


def test_every_module_imports_only_what_it_may(project):
    paths = os.pathsep.join([str(project), str(project / "book")])
    done = subprocess.run(
        [sys.executable, "-c", LINT],
        cwd=project,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
