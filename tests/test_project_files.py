"""The files around the code are of their formats, and name commands and files that exist."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from latents import records

PROJECT = Path(__file__).resolve().parents[1]
SCHEMAS = {
    "vendor.github-workflows": sorted((PROJECT / ".github" / "workflows").glob("*.yml")),
    "vendor.dependabot": [PROJECT / ".github" / "dependabot.yml"],
    "vendor.github-issue-forms": [
        file
        for file in sorted((PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
        if file.name != "config.yml"
    ],
    "vendor.github-issue-config": [PROJECT / ".github" / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.citation-file-format": [PROJECT / "CITATION.cff"],
}
TARGETS = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_their_schemas(schema):
    assert SCHEMAS[schema]
    program = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [program, "--builtin-schema", schema, *SCHEMAS[schema]],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", SCHEMAS["vendor.github-workflows"], ids=lambda file: file.stem)
def test_workflows_call_targets_of_the_makefile_only(file):
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    called = [target for line in commands for target in re.findall(r"\bmake ([a-z]+)", line)]
    assert set(called) <= TARGETS
    for line in commands:  # what is no target only prepares the machine
        assert "make " in line or line.startswith(("sudo sysctl", "sudo rm")), line


def test_the_devcontainer_is_json_with_comments_and_calls_a_target():
    text = (PROJECT / ".devcontainer" / "devcontainer.json").read_text()
    settings = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    assert settings["postCreateCommand"] == "make .venv/.ready"
    assert ".venv/.ready:" in (PROJECT / "Makefile").read_text()


def test_the_version_is_the_same_everywhere():
    import tomllib

    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((PROJECT / "CITATION.cff").read_text())["version"] == version
    newest = re.search(r"^## (?:\[)?([\w.]+)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) in ("Unreleased", version)


def test_every_target_of_the_makefile_is_explained_and_no_file():
    text = (PROJECT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE).group(1).split())
    assert phony == TARGETS
    assert all(re.search(rf"^{target}:.* ## \w", text, re.MULTILINE) for target in TARGETS)


@pytest.mark.parametrize("kind", ["full", "bench"])
def test_a_wheel_brings_the_records_that_the_notebooks_read(kind):
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    (pattern,) = settings["tool"]["setuptools"]["data-files"][f"{records.INSTALLED}/{kind}"]
    brought = set(PROJECT.glob(pattern))
    folder = PROJECT / "book" / "records" / kind  # the weights in its folder are for the site
    assert brought == {file for file in folder.iterdir() if file.is_file()}
