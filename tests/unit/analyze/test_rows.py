"""Every query on six cells that a person can check by eye, with equal rows from both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from six_cells import joined, pair, six_cells

import cellgraph
from cellgraph.analyze.rows import arrow_type, note_of
from cellgraph.analyze.show import show
from cellgraph.queries import Catalogue


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    """Address of a database with the six cells and, as a second sample, the pair."""
    return fill(joined(six_cells(), pair()))


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    """That database, opened."""
    with cellgraph.open(address) as opened:
        yield opened


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*table.to_pydict().values(), strict=True))


SIX = {"sample": "six"}
KHOP = [
    *[("six", 1, 1, 2, 2), ("six", 1, 2, 1, 3), ("six", 1, 3, 1, 4)],
    *[("six", 2, 1, 2, 2), ("six", 2, 2, 1, 3), ("six", 2, 3, 1, 4)],
    *[("six", 3, 1, 3, 3), ("six", 3, 2, 1, 4), ("six", 3, 3, 0, 4)],
    *[("six", 4, 1, 2, 2), ("six", 4, 2, 2, 4), ("six", 4, 3, 0, 4)],
    *[("six", 5, 1, 1, 1), ("six", 5, 2, 1, 2), ("six", 5, 3, 2, 4)],
    *[("six", 6, 1, 0, 0), ("six", 6, 2, 0, 0), ("six", 6, 3, 0, 0)],
]
DEGREES = [("six", 1, 2), ("six", 2, 2), ("six", 3, 3), ("six", 4, 2), ("six", 5, 1), ("six", 6, 0)]
ANSWERS: dict[str, tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = {
    "degree": ("degree", SIX, DEGREES),
    "degree of all": ("degree", {}, [("pair", 1, 1), ("pair", 3, 1), *DEGREES]),
    "connection-count": ("connection-count", SIX, DEGREES),
    "hubs": ("hubs", {"limit": 4}, [("six", 3, 3), ("six", 1, 2), ("six", 2, 2), ("six", 4, 2)]),
    "khop": ("khop", {"k": 3, **SIX}, KHOP),
    "khop of all": ("khop", {"k": 1}, [("pair", 1, 1, 1, 1), ("pair", 3, 1, 1, 1), *KHOP[::3]]),
    "khop of one": ("khop", {"k": 3, "cell": 5}, KHOP[12:15]),
    "khop of one without contacts": ("khop", {"cell": 6}, KHOP[15:17]),
    "khop of one of two samples": ("khop", {"cell": 3, **SIX}, KHOP[6:8]),
    "khop-summary": (
        "khop-summary",
        {},
        [
            ("pair", 1, 2, 1.0, 1, 1, 1, 1.0, 1, 1, 1),
            ("pair", 2, 2, 0.0, 0, 0, 0, 1.0, 1, 1, 1),
            ("six", 1, 6, 10 / 6, 0, 2, 3, 10 / 6, 0, 2, 3),
            ("six", 2, 6, 1.0, 0, 1, 2, 16 / 6, 0, 3, 4),
        ],
    ),
    "components": (
        "components",
        {},
        [("pair", 1, 1, 2), ("pair", 3, 1, 2), *[("six", cell, 1, 5) for cell in range(1, 6)], ("six", 6, 6, 1)],
    ),
    "path": ("path", {"source": 5, "target": 1, **SIX}, [(0, 5, None), (1, 4, 1), (2, 3, 2), (3, 1, 1)]),
    "path to a neighbour": ("path", {"source": 4, "target": 5}, [(0, 4, None), (1, 5, 1)]),
    "path to itself": ("path", {"source": 4, "target": 4}, [(0, 4, None)]),
    "no path": ("path", {"source": 6, "target": 2}, []),
    "neighbours": (
        "neighbours",
        {"cell": 3, **SIX},
        [("six", 3, 2, 2, 2.0, "six"), ("six", 3, 4, 2, 3.0, "six"), ("six", 3, 1, 1, 2.0, "six")],
    ),
    "no neighbours": ("neighbours", {"cell": 6}, []),
    "within": (
        "within",
        {"cell": 5, "k": 3},
        [("six", 5, 1, 4, "six"), ("six", 5, 2, 3, "six"), ("six", 5, 3, 1, "six"), ("six", 5, 3, 2, "six")],
    ),
    "contacts": (
        "contacts",
        {},
        [
            ("pair", 1, 3, 3, 3.0, None, None, None, None, None, "pair"),
            ("six", 1, 2, 2, 4.0, 0, 0, 2, 0, 0, "six"),
            ("six", 1, 3, 1, 2.0, 0, 0, 1, 0, 0, "six"),
            ("six", 2, 3, 2, 2.0, 0, 2, 0, 0, 0, "six"),
            ("six", 3, 4, 2, 3.0, 0, 1, 1, 0, 0, "six"),
            ("six", 4, 5, 1, 2.0, 0, 0, 1, 0, 0, "six"),
        ],
    ),
    "samples": (
        "samples",
        SIX,
        [
            ("six", 6, 5, [5, 6], [2.0, 1.0], "micrometer", 0, 4, "six.tif", "2024-02-29T12:00:00Z", "0.1.0"),
        ],
    ),
}
COMPILED = ("components", "connection-count", "contacts", "degree", "hubs", "khop", "khop-summary", "path")


@pytest.mark.parametrize("method", ["auto", "cypher", "compiled"])
@pytest.mark.parametrize("what", ANSWERS)
def test_the_rows_of(db: cellgraph.Database, what: str, method: str) -> None:
    name, parameters, expected = ANSWERS[what]
    if method == "compiled" and name not in COMPILED:
        with pytest.raises(cellgraph.CellgraphError, match="is answered in Cypher only"):
            db.query(name, method=method, **parameters)
        return
    table = db.query(name, method=method, **parameters)  # type: ignore[arg-type]
    assert rows(table) == expected
    declared = [(column.name, arrow_type(column.type)) for column in Catalogue.load()[name].columns]
    assert [(field.name, field.type) for field in table.schema] == declared


def test_the_cells(db: cellgraph.Database) -> None:
    table = db.query("cells", sample="six")
    expected = six_cells().cells
    for name in expected.column_names:
        assert table["cell" if name == "label" else name].to_pylist() == expected[name].to_pylist(), name
    assert table["sample"].to_pylist() == ["six"] * 6


def test_every_query_has_its_rows_here() -> None:
    asked = {name for name, _, _ in ANSWERS.values()} | {"cells"}
    assert asked == {query.name for query in Catalogue.load().listed()}


def test_samples_do_not_leak(db: cellgraph.Database) -> None:
    for name in ("cells", "contacts", "degree", "connection-count", "khop", "components", "samples"):
        assert set(db.query(name, sample="pair")["sample"].to_pylist()) == {"pair"}


@pytest.mark.parametrize(
    ("parameters", "note"),
    [
        ({}, "the cells 6 and 2 are not connected."),
        ({"method": "compiled"}, "the cells 6 and 2 are not connected."),
        ({"method": "cypher"}, "there is no path from 6 to 2 in 8 contacts."),
        ({"longest": 2}, "there is no path from 6 to 2 in 2 contacts."),
    ],
)
def test_why_there_is_no_path(db: cellgraph.Database, parameters: dict[str, Any], note: str) -> None:
    table = db.query("path", source=6, target=2, **parameters)
    assert table.num_rows == 0
    assert note_of(table) == note


def test_a_path_that_is_longer_than_wanted(db: cellgraph.Database) -> None:
    assert db.query("path", source=5, target=2, longest=2).num_rows == 0
    assert db.query("path", source=5, target=2, longest=3).num_rows == 4


@pytest.mark.parametrize("name", ["khop", "contacts", "cells", "samples", "degree"])
def test_a_limit_takes_the_first_rows(db: cellgraph.Database, name: str) -> None:
    assert db.query(name, limit=1).equals(db.query(name).slice(0, 1))
    assert db.query(name, limit=0).num_rows == 0


@pytest.mark.parametrize("what", [what for what in ANSWERS if what not in ("no path", "path to itself")])
def test_what_is_shown_runs_as_it_is(db: cellgraph.Database, address: str, what: str) -> None:
    name, parameters, expected = ANSWERS[what]
    shown = show(name, address, **parameters)
    assert rows(db.cypher(shown)) == expected


def test_text_in_what_is_shown_cannot_break_out(db: cellgraph.Database, address: str) -> None:
    shown = show("cells", address, sample="it's\n\\' OR true //")
    assert db.cypher(shown).num_rows == 0


def test_the_graph_read_back_is_the_graph(db: cellgraph.Database) -> None:
    for graph in (six_cells(), pair()):
        back = db.graph(graph.sample.name)
        assert back.sample == graph.sample
        assert back.cells.equals(graph.cells)
        assert back.contacts.equals(graph.contacts)
