"""The guide beside the editor of Neo4j Browser: a few slides about the data, with queries that run on a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from cellgraph.queries.query import GRAPH

if TYPE_CHECKING:
    from cellgraph.analyze.database import Database
    from cellgraph.queries import Query

RINGS = 3
_HUBS = 3
_SAMPLES_SHOWN = 12


@dataclass(frozen=True)
class Example:
    """Cells of one sample to begin with.

    Attributes
    ----------
    sample : str
    cell : int
        Label of the cell that touches the most others.
    touched : int
        Number of cells that it touches.
    far : int
        Label of a cell `RINGS` contacts away from it, if there is one, or else as far as possible.
    rings : tuple of int
        Number of cells within 1, 2, … contacts of it.
    """

    sample: str
    cell: int
    touched: int
    far: int
    rings: tuple[int, ...]


def example(database: Database, sample: str) -> Example | None:
    """Choose cells of a sample; None if no two of its cells touch."""
    hub = database.query("hubs", sample=sample, limit=1).to_pylist()
    if not hub:
        return None
    cell = hub[0]["cell"]
    rows = database.query("within", sample=sample, cell=cell, k=RINGS).to_pylist()
    own = [row for row in rows if row["reached_sample"] == sample]
    rings = tuple(sum(row["hop"] <= hop for row in rows) for hop in range(1, RINGS + 1))
    return Example(sample, cell, hub[0]["degree"], own[-1]["reached"] if own else cell, rings)


def guide(database: Database, chosen: Example | None) -> str:
    """Return the guide as HTML in the form that Neo4j Browser expects."""
    queries = {query.name: query for query in database.queries}
    slides = [_samples(database, queries["samples"])]
    if chosen is not None:
        slides += _cells(queries, chosen)
    body = "\n".join(f'<slide><div style="padding: 0 20px">{slide}</div></slide>' for slide in slides)
    return f'<title>cellgraph</title><article class="guide"><carousel>\n{body}\n</carousel></article>\n'


def _samples(database: Database, query: Query) -> str:
    rows = database.samples().to_pylist()
    lines = [[row["sample"], f"{row['cells']:,}", f"{row['contacts']:,}", row["unit"]] for row in rows[:_SAMPLES_SHOWN]]
    more = f"<p>… and {len(rows) - _SAMPLES_SHOWN:,} more.</p>" if len(rows) > _SAMPLES_SHOWN else ""
    return "\n".join(
        [
            "<h3>Your tissue as a graph</h3>",
            _table(("sample", "cells", "contacts", "unit"), lines) + more,
            "<p>A cell is a node, with its label in it. Two cells that touch are joined; the number is their junctions,"
            " the voxel faces that they share. Double-click a cell to see what it touches.</p>",
            "<p>A query below runs when you click its arrow. Click its text to change it first. <code>cellgraph "
            "browse</code> writes this guide again.</p>",
            _card(query, {}),
        ]
    )


def _cells(queries: Mapping[str, Query], chosen: Example) -> list[str]:
    cell, sample = chosen.cell, {"sample": chosen.sample}
    rings = [_card(queries["within"], {**sample, "cell": cell, "k": hop + 1}) for hop in range(len(chosen.rings))]
    numbers = [
        f"<p>Within {hop} {'contact' if hop == 1 else 'contacts'}: {count:,} cells.</p>"
        for hop, count in enumerate(chosen.rings, start=1)
    ]
    path = {**sample, "source": cell, "target": chosen.far}
    return [
        f"<h3>One cell and its neighbours</h3><p>Cell {cell} touches {chosen.touched:,} others, more than any other"
        f" cell of {escape(repr(chosen.sample))}.</p>" + _card(queries["neighbours"], {**sample, "cell": cell}),
        f"<h3>Rings around cell {cell}</h3>" + "".join(n + card for n, card in zip(numbers, rings, strict=True)),
        *([_slide("A shortest path", queries["path"], path)] if chosen.far != cell else []),
        _slide("Strong contacts only", queries["contacts"], {**sample}, limit=100)
        + _slide("Hubs", queries["hubs"], {**sample, "limit": _HUBS}),
    ]


def _slide(title: str, query: Query, values: Mapping[str, Any], *, limit: int | None = None) -> str:
    return f"<h3>{escape(title)}</h3>" + _card(query, values, limit=limit)


def _card(query: Query, values: Mapping[str, Any], *, limit: int | None = None) -> str:
    """Return what the query answers, and its Cypher to click."""
    cypher = query.shown(GRAPH if query.has_graph else "neo4j", values, limit=limit)
    code = "\n".join(line for line in cypher.splitlines() if not line.startswith("//"))
    about = " ".join([query.summary, *query.graph_note.splitlines()])
    return f'<p>{escape(about)}</p>\n<pre class="pre-scrollable code runnable">{escape(code)}</pre>\n'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [
        "<tr>"
        + "".join(f'<{tag} style="text-align: left; padding: 2px 16px 2px 0">{escape(cell)}</{tag}>' for cell in row)
        + "</tr>"
        for tag, row in _tagged(head, rows)
    ]
    return f"<table>{''.join(lines)}</table>"


def _tagged(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    return [("th", head), *(("td", row) for row in rows)]
