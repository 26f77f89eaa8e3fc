"""The key that tells the execution cache what a chapter depends on besides its own cells."""

import json
import shutil

import pytest

import run_key as extension

HEADER = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n"
IMPORTS = "from latents import bounds, data"
LOAD = 'garments = data.load("fashion_mnist")'


def chapter(*cells, prose="A sentence."):
    blocks = [f"```{{code-cell}} ipython3\n{cell}\n```" for cell in cells]
    return HEADER + f"\n# Title\n\n{prose}\n\n" + "\n\n".join(blocks) + "\n"


CHAPTER = chapter(IMPORTS, LOAD)


@pytest.fixture
def latents(project, tmp_path, monkeypatch):
    """Give the extension a copy of the package, which a test may edit."""
    copy = tmp_path / "latents"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(project / "book" / "latents", copy, ignore=ignore)
    monkeypatch.setattr(extension, "LATENTS", copy)
    return copy


def edit(file):
    file.write_bytes(file.read_bytes() + b"\n")


def key(text=CHAPTER, profile="quick"):
    return extension.run_key(text, profile)


def names(text, latents):
    return {str(file.relative_to(latents)) for file in extension.imported_modules(text)}


def test_the_key_names_the_profile_and_is_always_the_same(latents):
    assert key() == key()
    assert key().startswith("quick-")
    assert len(key()) == len("quick-") + 12


def test_the_key_changes_with_the_profile(latents):
    quick, full = key(), key(profile="full")
    assert quick.removeprefix("quick-") != full.removeprefix("full-")


@pytest.mark.parametrize(
    "module",
    ["bounds.py", "data/__init__.py", "__init__.py", "data/complete.py", "data/embedded.py"],
)
def test_the_key_changes_with_every_module_that_the_chapter_rests_on(latents, module):
    before = key()
    edit(latents / module)
    assert key() != before


@pytest.mark.parametrize("module", ["plots.py", "hardware.py", "training.py", "records.py"])
def test_the_key_ignores_modules_that_the_chapter_does_not_import(latents, module):
    before = key()
    edit(latents / module)
    assert key() == before


def test_the_key_follows_the_style_of_figures_where_a_chapter_uses_it(latents):
    styled = chapter(IMPORTS, 'plt.style.use("latents.book")')
    before = key(), key(styled)
    edit(latents / "book.mplstyle")
    assert key() == before[0]
    assert key(styled) != before[1]


def test_the_key_ignores_prose(latents):
    prose = "Another sentence, about `from latents import plots`."
    assert key(chapter(IMPORTS, LOAD, prose=prose)) == key()


@pytest.mark.parametrize("file", ["fashion_mnist_sample.npz", "drawings.py"])
def test_the_key_changes_with_the_embedded_data(latents, file):
    before = key()
    edit(latents / "data" / file)
    assert key() != before


def test_a_chapter_without_data_ignores_the_sample(latents):
    text = chapter("from latents import bounds")
    before = key(text)
    edit(latents / "data" / "fashion_mnist_sample.npz")
    assert key(text) == before


def test_in_the_full_profile_the_key_follows_the_complete_set(latents, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    missing = key(profile="full")
    folder = tmp_path / "fashion_mnist" / "3.0.1"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text(json.dumps({"name": "fashion_mnist"}))
    prepared = key(profile="full")
    edit(folder / "dataset_info.json")
    assert len({missing, prepared, key(profile="full")}) == 3


def test_imports_are_followed_through_other_modules(latents):
    (latents / "a.py").write_text("def later():\n    from latents import b\n")
    (latents / "b.py").write_text("import latents.c\n")
    (latents / "c.py").write_text("from latents import a\n")  # a circle must not hang
    found = names(chapter("import numpy\nfrom latents import a"), latents)
    assert found == {"__init__.py", "a.py", "b.py", "c.py"}


@pytest.mark.parametrize(
    "cell",
    [
        "from latents import bounds",
        "from latents import bounds as q",
        "from latents.bounds import iwae",
        "import latents.bounds",
        "def later():\n    from latents import bounds",
        ":tags: [hide-input]\n\nfrom latents import bounds",
        "---\ntags: [hide-input]\n---\nfrom latents import bounds",
    ],
)
def test_every_way_to_import_a_module_is_noticed(latents, cell):
    assert "bounds.py" in names(chapter("a = 1", cell), latents)


def test_packages_are_followed_like_modules(latents):
    found = names(chapter("from latents.data import drawings"), latents)
    assert {"data/__init__.py", "data/drawings.py"} <= found


def test_the_chapters_rest_on_the_modules_that_they_import(project, latents):
    text = (project / "book" / "experiments" / "vae.md").read_text()
    found = names(text, latents)
    assert {
        "bounds.py",
        "data/__init__.py",
        "records.py",
        "training.py",
        "data/drawings.py",
    } <= found
    assert "workshop/__init__.py" not in found


def test_the_key_is_written_into_the_kernel_of_the_page(latents):
    source = [CHAPTER]
    extension._write_key(None, "page", source)
    assert source[0] == CHAPTER.replace("Python 3\n---", f"Python 3 ({key()})\n---")


def test_a_page_without_code_is_left_alone(latents):
    source = ["# Title\n\nA sentence.\n"]
    extension._write_key(None, "page", source)
    assert source == ["# Title\n\nA sentence.\n"]


@pytest.mark.parametrize(
    ("call", "file"),
    [
        ("read('vae', 'full')", "full/vae.json"),
        ("bench('vae')", "bench/vae.json"),
        ("machines()", "bench/machines/some-card.json"),
    ],
)
def test_a_page_that_reads_records_runs_again_when_one_changes(call, file, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path))
    reads = f"```{{code-cell}}\nfrom latents import records\nrecords.{call}\n```\n"
    writes = reads.replace(call, "write('vae')")
    before = extension.run_key(reads, "quick"), extension.run_key(writes, "quick")
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("{}")
    after = extension.run_key(reads, "quick"), extension.run_key(writes, "quick")
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_chapter_that_quotes_its_bench_record_does_not_run_again_for_its_own_record(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("LATENTS_RECORDS", str(tmp_path))
    chapter = """```{code-cell}\nrecords.bench("vae")\nrecords.write("vae")\n```\n"""
    before = extension.run_key(chapter, "quick")
    for file in ("quick/vae.json", "full/vae.json", "bench/grading.json"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("{}")
    assert extension.run_key(chapter, "quick") == before
    (tmp_path / "bench/vae.json").write_text("{}")
    assert extension.run_key(chapter, "quick") != before


def test_every_bench_record_is_read_by_its_name(project):
    for page in project.glob("book/*/*.md"):
        calls = page.read_text().count("records.bench(")
        assert len(extension.BENCH.findall(page.read_text())) == calls, page.name
