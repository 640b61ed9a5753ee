"""Quotes in CSV files: refuse those that are never closed, and those that swallow rows."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cellgraph.errors import FormatError
from cellgraph.tables.layout import Layout, opened

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1 << 20
_ADVICE = "close the quote, or remove it; write a quote that belongs to a value twice, inside quotes"


def count(path: Path) -> int:
    """Return the number of quotes in a file."""
    found = 0
    with opened(path) as file:
        while chunk := file.read(_CHUNK):
            found += chunk.count(b'"')
    return found


def refuse_unclosed(path: Path, layout: Layout) -> None:
    """Raise `FormatError` if a value begins with a quote that is never closed, with its row."""
    row = 0
    with opened(path) as binary, io.TextIOWrapper(binary, "utf-8-sig", "replace", newline="") as file:
        try:
            for _ in csv.reader(islice(file, layout.skip, None), delimiter=layout.separator, strict=True):
                row += 1
        except csv.Error:
            raise FormatError(
                f"row {row + 1} of {path} has a value that begins with a quote which is not closed before the next "
                f"separator or the end of the file; {_ADVICE}"
            ) from None


def refuse_swallowed(path: Path, layout: Layout, table: pa.Table) -> None:
    """Raise `FormatError` if a value in quotes has line breaks and looks like rows of the file, with its row."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    # From a quote in one row to a quote in another stand as many separators as in the rows between.
    most = len(layout.names) - 1
    for name in table.column_names:
        if not pa.types.is_string(table[name].type):
            continue
        broken = pc.fill_null(pc.match_substring_regex(table[name], r"[\r\n]"), False).to_numpy()
        for row in np.flatnonzero(broken).tolist():
            value = str(table[name][row])
            below = value.splitlines()[1:]
            if value.count(layout.separator) >= most * max(len(below), 1):
                raise FormatError(
                    f"the value in row {row + 1} of the column {name!r} of {path} begins with a quote and holds whole "
                    f"rows, as {value!r:.100}; {_ADVICE}"
                )
