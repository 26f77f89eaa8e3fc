"""Notebooks of other formats, and of programs that move the ids, are read as ours."""

from submissions import code, expected


def test_formats_without_ids_are_read(made, repaired, source):
    for cell in made.cells:
        del cell["id"]
    for minor in range(5):
        made.nbformat_minor = minor
        assert code(repaired(made)) == expected(source)


def test_format_3_is_read(made, repaired, source):
    def old(cell):
        kept = {"cell_type": cell.cell_type, "metadata": cell.metadata}
        if cell.cell_type == "code":
            lines = cell.source.splitlines(keepends=True)
            return kept | {"input": lines, "language": "python", "outputs": []}
        return kept | {"source": cell.source}

    cells = [old(cell) for cell in made.cells]
    cells.insert(0, {"cell_type": "heading", "level": 1, "metadata": {}, "source": "Mine"})
    old = {"worksheets": [{"cells": cells}], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}
    found = repaired(old)
    assert code(found) == expected(source)
    assert found.notebook.cells[0].source == "    Mine"


def test_ids_that_colab_moved_to_the_metadata_are_found(made, repaired, source):
    for cell in made.cells:
        cell.metadata = {"id": cell.pop("id")}
    assert code(repaired(made)) == expected(source)
