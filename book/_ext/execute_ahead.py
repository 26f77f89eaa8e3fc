"""Execute the chapters two at a time, before Sphinx reads any page.

MyST-NB executes a chapter where it reads it, one after another, and most trainings of this book
are too small to keep two cores busy. This extension hands each chapter to MyST-NB's own client,
in a process of its own, and the outputs go into the execution cache, where MyST-NB finds them a
little later. Left to MyST-NB are pages that read the records of other chapters, for their turn
comes when all of these have been written, and pages whose header has settings for MyST-NB.
"""

import os
import sys
import threading
import time
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.cache.main import JupyterCacheBase
from jupyter_client.channels import HBChannel
from myst_nb.core.execute import create_client
from myst_nb.core.loggers import SphinxDocLogger
from myst_nb.core.read import create_nb_reader
from sphinx.errors import SphinxError
from sphinx.util.docutils import new_document
from sphinx.util.parallel import ParallelTasks, parallel_available

from run_key import reads_run_records

AT_A_TIME = min(2, os.cpu_count() or 1)
HEARTBEAT_SECONDS = 10  # to wait for a thread that sleeps one second at a time
# Sphinx forks, which is not safe on macOS once NumPy is loaded.
CAN_FORK = parallel_available and sys.platform != "darwin"


def _execute_all(app, env, docnames):
    """Fill the execution cache with every page that has code and reads no records of others."""
    if env.mystnb_config.execution_mode != "cache" or not CAN_FORK:
        return
    # Made here: two processes would both find it missing, and both make it.
    get_cache(env.mystnb_config.execution_cache_path).list_cache_records()
    tasks = ParallelTasks(AT_A_TIME)
    # After the first two, Sphinx begins with the task that was added last: the experiments.
    for docname in sorted(docnames, reverse=True):
        text = Path(env.doc2path(docname)).read_text(encoding="utf-8-sig")
        if "{code-cell}" in text and not reads_run_records(text):
            tasks.add_task(lambda page: _execute(app, *page), (docname, text))
    try:
        tasks.join()
    except EOFError:
        raise SphinxError(
            "A process that executed a page was killed. Perhaps memory was short: two chapters "
            "of the full profile need about 5 GB."
        ) from None


def _execute(app, docname, text):
    """Execute one page, or find it in the cache, as MyST-NB will ask for it.

    This runs in a process that Sphinx has forked.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # To forget the oldest runs takes two queries, between which the other process may add its own.
    JupyterCacheBase.truncate_caches = lambda cache: None
    _bound_the_wait_for_heartbeats()
    print(f"{docname}: executing, or taking it from the cache", flush=True)
    try:
        _run(app, docname, text)
    except Exception as error:
        # Printed, for Sphinx drops what a failing process has logged.
        print(error.__cause__ or error, flush=True)
        raise SphinxError(f"{docname}: a cell failed, see above.") from None


def _run(app, docname, text):
    env = app.env
    env.prepare_settings(docname)
    source = [text]
    app.emit("source-read", docname, source)  # adds the key on which the cache rests
    file = env.doc2path(docname)
    reader = create_nb_reader(file, env.myst_config, env.mystnb_config, source[0])
    if reader is None:  # a page without a kernel
        return
    notebook = reader.read(source[0])
    if env.mystnb_config.metadata_key in notebook.metadata:
        return
    document = new_document(file)
    document.settings.env = env
    logger = SphinxDocLogger(document)
    create_client(notebook, file, env.mystnb_config, logger, reader.read_fmt).start_client()


def _bound_the_wait_for_heartbeats():
    """Let the end of a kernel wait only for a moment for the thread of its heartbeat.

    A thread that is stopped before it has begun says afterwards that it runs, and never ends.
    That happens when a kernel dies at once, as it does when its port has been taken.
    """
    HBChannel.join = lambda channel: threading.Thread.join(channel, HEARTBEAT_SECONDS)


def _end_with(parent):
    """End this process when its parent has died, and with it the kernel and the lock it holds."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def setup(app):
    """Connect to Sphinx."""
    app.connect("env-before-read-docs", _execute_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
