"""The first code cell of every notebook: it installs what the notebook needs, or says how to."""

import json
from importlib.metadata import version

from latents import address

SOURCE = """\
# Installs what this notebook needs, unless it is there.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up log of TensorFlow
SITE = ""  # a notebook that was downloaded from the site has its address here
REPOSITORY = "{repository}"
WHEEL = "{wheel}"


class NotInstalled(Exception):
    def _render_traceback_(self):
        return [str(self)]


if not all(map(importlib.util.find_spec, {packages})):
    near = next(Path().glob("latent_spaces-*.whl"), None)
    source = near.resolve().as_uri() if near else SITE + WHEEL if SITE else REPOSITORY
    package = f"latent-spaces[{extras}] @ {{source}}"
    command = [sys.executable, "-m", "pip", "install", "--quiet", package]
    if not source or subprocess.run(command).returncode:
        tried = f"could not be installed from {{source}}" if source else "is not installed"
        raise NotInstalled(
            f"The package of this book {{tried}}: put {{WHEEL}}, which the site of the book offers "
            "for download, beside this notebook and run this cell again."
        )
    importlib.invalidate_caches()"""


def wheel_name() -> str:
    """Return the name of the wheel of this version, as the site offers it."""
    return f"latent_spaces-{version('latent-spaces')}-py3-none-any.whl"


def setup_source(packages: tuple[str, ...], configured: dict, extras: str = "") -> str:
    """Return the code of the first cell.

    The package comes from a wheel beside the notebook, else from the site that the notebook was
    downloaded from (``SITE``, which the page fills in), else from the repository.

    Parameters
    ----------
    packages : tuple of str
        What the notebook imports of this project.
    configured : dict
        ``url`` and ``branch`` of the repository as in ``_config.yml``; `latents.address` may know
        a nearer address.
    extras : str
        Optional dependencies that the notebook needs, such as ``grade``.
    """
    repository = address.repository(configured.get("url") or "")
    source = f"git+{repository}@{configured.get('branch') or 'main'}" if repository else ""
    text = SOURCE.format(
        repository=source,
        wheel=wheel_name(),
        packages=json.dumps(packages),
        extras=extras,
    )
    return text.replace("latent-spaces[] @", "latent-spaces @")
