"""All contacts in order, one part at a time: the query ``contacts`` for answers too large to hold in memory.

Contacts of a volume are stored from the smaller label to the larger one, and ids of cells follow the labels, so the
contacts of a range of ids are a contiguous part of the answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cellgraph.analyze.contacts import in_order
from cellgraph.analyze.further import further_columns
from cellgraph.analyze.names import have_names
from cellgraph.analyze.rows import as_declared
from cellgraph.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.queries import Catalogue
    from cellgraph.stores import Store

ROWS_A_PART = 250_000
"""Approximate number of contacts in memory at a time; up to four times as many are answered in one table."""


def contact_parts(
    store: Store, catalogue: Catalogue, sample: str | None, timeout: float | None
) -> Iterator[pa.Table] | None:
    """Return the parts of the answer; None if it is small, or contacts came from a table and may be in any order."""
    spans = _spans(store, catalogue, sample)
    few = sum(span["contacts"] for span in spans) <= 4 * ROWS_A_PART
    if few or any(not span["connectivity"] for span in spans) or have_names(store, sample):
        return None
    return _parts(store, catalogue, sample, spans, timeout)


def _spans(store: Store, catalogue: Catalogue, sample: str | None) -> list[dict[str, Any]]:
    statement = catalogue["sample-spans"].statement(store.dialect, {"sample": sample})
    rows: list[dict[str, Any]] = store.run(statement.text, statement.parameters, name="sample-spans").to_pylist()
    return rows


def _parts(
    store: Store, catalogue: Catalogue, sample: str | None, spans: list[dict[str, Any]], timeout: float | None
) -> Iterator[pa.Table]:
    query, lookup = catalogue["contacts"], catalogue["contacts-of-cells"]
    further = further_columns(store, catalogue, query, sample)
    end_of_time = None if timeout is None else time.monotonic() + timeout
    for span in spans:
        end = span["first_id"] + span["cells"]
        step = max(1, ROWS_A_PART * span["cells"] // max(span["contacts"], 1))
        for start in range(span["first_id"], end, step):
            values = {"first_id": start, "stop_id": min(start + step, end)}
            statement = lookup.statement(store.dialect, values, further=list(further))
            left = None if end_of_time is None else max(end_of_time - time.monotonic(), 0.001)
            rows = store.run(statement.text, statement.parameters, name="contacts", timeout=left)
            yield as_declared(query, in_order(rows), further)
    if _spans(store, catalogue, sample) != spans:
        raise StoreError(
            "samples changed while their contacts were read, so the output is incomplete; run the query again."
        )
