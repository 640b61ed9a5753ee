"""Show rows as tables in notebooks: ``%load_ext cellgraph.notebook``."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from cellgraph.analyze.rows import note_of
from cellgraph.handover import as_html

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 20


def load_ipython_extension(ipython: Any) -> None:
    """Make IPython and Jupyter show the rows of queries as tables, with the notes about them.

    Parameters
    ----------
    ipython : IPython.core.interactiveshell.InteractiveShell
    """
    import pyarrow as pa

    ipython.display_formatter.formatters["text/html"].for_type(pa.Table, _shown)


def _shown(rows: pa.Table) -> str:
    notes = "".join(f"<p>{escape(note)}</p>" for note in note_of(rows).splitlines())
    return as_html(rows, _SHOWN) + notes
