"""Execute the chapters two at a time, before Sphinx reads any page.

MyST-NB executes a chapter where it reads it, one after another, and most trainings of this book
are too small to keep two cores busy. This extension hands each chapter to MyST-NB's own client,
in a process of its own, and the outputs go into the execution cache, where MyST-NB finds them a
little later. A page that reads the records of other chapters is left to MyST-NB: its turn comes
when all of them have been written.
"""

import os
from pathlib import Path

from jupyter_cache import get_cache
from myst_nb.core.execute import ExecutionError, create_client
from myst_nb.core.loggers import SphinxDocLogger
from myst_nb.core.read import create_nb_reader
from sphinx.errors import SphinxError
from sphinx.util.docutils import new_document
from sphinx.util.parallel import ParallelTasks, parallel_available

AT_A_TIME = min(2, os.cpu_count() or 1)


def _execute_all(app, env, docnames):
    """Fill the execution cache with every page that has code and reads no records of others."""
    if env.mystnb_config.execution_mode != "cache" or not parallel_available:
        return
    # Made here: two processes would both find it missing, and both make it.
    get_cache(env.mystnb_config.execution_cache_path).list_cache_records()
    tasks = ParallelTasks(AT_A_TIME)
    # Sphinx begins with the task that was added last; the experiments take longest.
    for docname in sorted(docnames, reverse=True):
        text = Path(env.doc2path(docname)).read_text(encoding="utf-8")
        if "{code-cell}" in text and "records.read(" not in text:
            tasks.add_task(lambda page: _execute(app, *page), (docname, text), _stop_if_failed)
    tasks.join()


def _execute(app, docname, text):
    """Execute one page, or find it in the cache, exactly as MyST-NB will ask for it.

    Returns whether that succeeded. If not, MyST-NB has logged the cell and what it raised.
    """
    env = app.env
    env.prepare_settings(docname)
    source = [text]
    app.emit("source-read", docname, source)  # adds the key on which the cache rests
    file = env.doc2path(docname)
    reader = create_nb_reader(file, env.myst_config, env.mystnb_config, source[0])
    if reader is None:  # a page without a kernel
        return True
    document = new_document(file)
    document.settings.env = env
    logger = SphinxDocLogger(document)
    notebook = reader.read(source[0])
    client = create_client(notebook, file, env.mystnb_config, logger, reader.read_fmt)
    print(
        f"executing {docname}, unless it is in the cache", flush=True
    )  # a log would come at the end
    try:
        client.start_client()
    except ExecutionError:
        return False
    return True


def _stop_if_failed(page, succeeded):
    if not succeeded:
        raise SphinxError(f"{page[0]}: a cell failed, see above.")


def setup(app):
    """Connect to Sphinx."""
    app.connect("env-before-read-docs", _execute_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
