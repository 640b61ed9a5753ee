"""Every query on six cells that a person can check by eye, with equal rows from both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import pyarrow as pa
import pytest
from six_cells import joined, pair, six_cells

import cellgraph
from cellgraph.analyze.answers import COMPILED
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
READ = "voxel 2 x 1 µm (as you said) · background 0 (assumed)"
DEGREES = [("six", 1, 2), ("six", 2, 2), ("six", 3, 3), ("six", 4, 2), ("six", 5, 1), ("six", 6, 0)]
ANSWERS: dict[str, tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = {
    "degree": ("degree", SIX, DEGREES),
    "degree of all": ("degree", {}, [("pair", 1, 1), ("pair", 3, 1), *DEGREES]),
    "connection-count": ("connection-count", SIX, DEGREES),
    "hubs": ("hubs", {"limit": 4}, [("six", 3, 3), ("six", 1, 2), ("six", 2, 2), ("six", 4, 2)]),
    "hubs of few": ("hubs", SIX, [("six", 3, 3), ("six", 1, 2), ("six", 2, 2), ("six", 4, 2), ("six", 5, 1)]),
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
    "contacts of a list": (
        "contacts",
        {"cell": [4, 5]},
        [
            ("six", 3, 4, 2, 3.0, 0, 1, 1, 0, 0, "six"),
            ("six", 4, 5, 1, 2.0, 0, 0, 1, 0, 0, "six"),
        ],
    ),
    "khop of a list": ("khop", {"cell": "5,2", "k": 1}, [("six", 2, 1, 2, 2), ("six", 5, 1, 1, 1)]),
    "strong contacts": ("khop", {"k": 2, "cell": 4, "min_junctions": 2}, [("six", 4, 1, 1, 1), ("six", 4, 2, 1, 2)]),
    "large contacts": ("neighbours", {"cell": 3, "min_area": 3, **SIX}, [("six", 3, 4, 2, 3.0, "six")]),
    "a part of the surface": (
        "degree",
        {"min_fraction": 0.25, "where": "sample = 'six'"},
        [
            ("six", 1, 1),
            ("six", 2, 1),
            ("six", 3, 1),
            ("six", 4, 2),
            ("six", 5, 1),
            ("six", 6, 0),
        ],
    ),
    "cells that meet a condition": (
        "within",
        {"cell": 5, "k": 3, "where": "volume < 9"},
        [
            ("six", 5, 1, 4, "six"),
            ("six", 5, 2, 3, "six"),
            ("six", 5, 3, 2, "six"),
        ],
    ),
    "cells inside": ("degree", {"inside": True}, [("six", 3, 0)]),
    "far from the border": ("degree", {"buffer": 1}, [("six", 3, 3)]),
    "farther from the border": ("degree", {"buffer": 2}, []),
    "another way": (
        "path",
        {"source": 1, "target": 3, "min_junctions": 2, **SIX},
        [(0, 1, None), (1, 2, 2), (2, 3, 2)],
    ),
    "contacts-by": (
        "contacts-by",
        {"by": "voxels", "where": "voxels > 2", **SIX},
        [
            ("six", "4", "4", 1, 2, 2.0, 1.0, 1.0),
            ("six", "4", "5", 2, 3, 6.0, 2.0, 1.0),
            ("six", "5", "5", 0, 0, 0.0, 0.0, None),
        ],
    ),
    "neighbours-mean": (
        "neighbours-mean",
        {"of": "volume", "cell": [2, 6]},
        [
            ("six", 2, 8.0, 2, 9.0),
            ("six", 6, 4.0, 0, None),
        ],
    ),
    "contact-fraction": (
        "contact-fraction",
        {"of": "junctions", "cell": 2},
        [
            ("six", 2, 1, 2.0, 0.5, "six"),
            ("six", 2, 3, 2.0, 0.5, "six"),
        ],
    ),
    "khop-profile": (
        "khop-profile",
        {"of": "volume", "cell": [5, 6]},
        [
            ("six", 5, 1, 1, 4.0, 4.0),
            ("six", 5, 2, 1, 8.0, 8.0),
            ("six", 6, 1, 0, 0.0, None),
            ("six", 6, 2, 0, 0.0, None),
        ],
    ),
    "khop-types": (
        "khop-types",
        {"by": "voxels", "cell": 4},
        [
            ("six", 4, 1, "2", 1, 0.5),
            ("six", 4, 1, "4", 1, 0.5),
            ("six", 4, 2, "4", 1, 0.5),
            ("six", 4, 2, "5", 1, 0.5),
        ],
    ),
    "triangles": (
        "triangles",
        SIX,
        [
            ("six", 1, 2, 1, 1.0),
            ("six", 2, 2, 1, 1.0),
            ("six", 3, 3, 1, 1 / 3),
            ("six", 4, 2, 0, 0.0),
            ("six", 5, 1, 0, 0.0),
            ("six", 6, 0, 0, 0.0),
        ],
    ),
    "squares": ("squares", {"cell": [3, 5], **SIX}, [("six", 3, 0), ("six", 5, 0)]),
    "t1-candidates": ("t1-candidates", {}, []),
    "common-neighbours": ("common-neighbours", {"source": 2, "target": 4}, [(3, 2, 2, "six")]),
    "similar": ("similar", {"cell": 2, "limit": 1}, [("six", 2, 4, 1, 3, 1 / 3, 0.4, "six")]),
    "nearest": (
        "nearest",
        {"to": "5,6", **SIX},
        [
            ("six", 1, 3, 5, "six"),
            ("six", 2, 3, 5, "six"),
            ("six", 3, 2, 5, "six"),
            ("six", 4, 1, 5, "six"),
            ("six", 5, 0, 5, "six"),
            ("six", 6, 0, 6, "six"),
        ],
    ),
    "nearest of a condition": (
        "nearest",
        {"to": "volume = 8", "cell": [5, 6]},
        [
            ("six", 5, 2, 3, "six"),
            ("six", 6, None, None, None),
        ],
    ),
    "nearest to the border": ("nearest", {"to": "border", "cell": 3, **SIX}, [("six", 3, 1, 1, "six")]),
    "patches": ("patches", {"where": "volume <= 4", "min_cells": 2}, [("six", 4, 2)]),
    "paths": (
        "paths",
        {"source": 5, "target": 2},
        [
            (1, 0, 5, None),
            (1, 1, 4, 1),
            (1, 2, 3, 2),
            (1, 3, 2, 2),
        ],
    ),
    "diff": (
        "diff",
        {"source": "six", "target": "pair"},
        [
            ("lost", 1, 2, 2, 4.0, False),
            ("lost", 2, 3, 2, 2.0, False),
            ("lost", 3, 4, 2, 3.0, False),
            ("lost", 4, 5, 1, 2.0, False),
        ],
    ),
    "samples": (
        "samples",
        SIX,
        [
            ("six", 6, 5, [5, 6], [2.0, 1.0], "micrometer", 0, 4, READ, "six.tif", "2024-02-29T12:00:00Z", "0.1.0"),
        ],
    ),
}


@pytest.mark.parametrize("method", ["auto", "cypher", "compiled"])
@pytest.mark.parametrize("what", ANSWERS)
def test_the_rows_of(db: cellgraph.Database, what: str, method: str) -> None:
    name, parameters, expected = ANSWERS[what]
    if method == "compiled" and name not in COMPILED:
        with pytest.raises(cellgraph.CellgraphError, match="has no compiled form"):
            db.query(name, method=method, **parameters)
        return
    table = db.query(name, method=method, **parameters)  # type: ignore[arg-type]
    declared = [(column.name, arrow_type(column.type)) for column in Catalogue.load()[name].columns]
    table = table.select([column for column, _ in declared])  # properties of contacts follow
    assert rows(table) == expected
    assert [(field.name, field.type) for field in table.schema] == declared


def test_the_cells(db: cellgraph.Database) -> None:
    table = db.query("cells", sample="six")
    expected = six_cells().cells
    for name in expected.column_names:
        assert table["cell" if name == "label" else name].to_pylist() == expected[name].to_pylist(), name
    assert table["sample"].to_pylist() == ["six"] * 6


def test_every_query_has_its_rows_here() -> None:
    asked = {name for name, _, _ in ANSWERS.values()} | {"cells", "summary", "reciprocal"}
    assert asked == {query.name for query in Catalogue.load().listed()}


def test_the_summary_has_the_numbers_of_networkx(db: cellgraph.Database) -> None:
    asked = db.query("summary", sample="six").to_pylist()
    found = {row["measure"]: row["value"] for row in asked}
    units = {row["measure"]: row["unit"] for row in asked}
    assert (units["volume_mean"], units["contact_area_mean"]) == ("micrometer^2", "micrometer"), "of its sample, in 2D"
    graph = six_cells().to_networkx()
    assert found["cells"] == 6
    assert found["contacts"] == found["pairs"] == 5
    assert found["components"] == nx.number_connected_components(graph)
    assert (found["isolated"], found["degree_max"], found["diameter"]) == (1, 3, 3)
    assert found["degree_mean"] == pytest.approx(10 / 6)
    hops = [hop for _, far in nx.all_pairs_shortest_path_length(graph) for hop in far.values() if hop]
    assert found["mean_path"] == pytest.approx(sum(hops) / len(hops))
    assert found["transitivity"] == pytest.approx(nx.transitivity(graph))
    assert found["clustering"] == pytest.approx(nx.average_clustering(graph))
    assert found["assortativity"] == pytest.approx(nx.degree_assortativity_coefficient(graph))
    assert found["border_share"] == pytest.approx(5 / 6)
    assert db.query("summary", sample="six", min_junctions=2).num_rows == len(found)
    with pytest.raises(cellgraph.CellgraphError, match="computes only the first of its measures"):
        db.query("summary", method="cypher")
    shown = {row["measure"]: row["value"] for row in db.cypher(show("summary", sample="six")).to_pylist()}
    assert shown == {name: found[name] for name in shown}


def test_the_cheapest_path(db: cellgraph.Database) -> None:
    found = db.query("path", source=1, target=4, sample="six", weight="1/junctions")
    assert rows(found) == [(0, 1, None, 0.0), (1, 2, 2, 0.5), (2, 3, 2, 1.0), (3, 4, 2, 1.5)]
    both = db.query("paths", source=1, target=4, sample="six", weight="1/junctions", k=5)
    assert [row for row in rows(both) if row[0] == 2] == [(2, 0, 1, None, 0), (2, 1, 3, 1, 1), (2, 2, 4, 2, 1.5)]
    assert max(both["path"].to_pylist()) == 2
    assert rows(db.query("paths", source=1, target=4, sample="six", k=1))[-1] == (1, 2, 4, 2)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        (
            "path",
            {"source": 2, "target": 4, "weight": "1/junctoins"},
            "'junctoins', but contacts have no such column.*'junctions'",
        ),
        ("path", {"source": 2, "target": 4, "weight": "1/"}, "is not a valid expression"),
        ("path", {"source": 2, "target": 4, "weight": "__import__('os')"}, "but the functions are log, sqrt"),
        (
            "path",
            {"source": 2, "target": 4, "weight": "junctions - 1"},
            "must be above 0, but junctions - 1 is missing, infinite or not above 0 for 2 contacts, the first between",
        ),
        ("paths", {"source": 2, "target": 4, "k": 0}, "must be from 1 to 1000, not 0"),
        ("khop", {"where": "volum > 3"}, "no column 'volum'.*'volume'"),
        ("khop", {"where": "volume >"}, "expected a column or a value"),
        ("khop", {"min_fraction": 2.0}, "must be from 0 to 1, not 2.0"),
        ("khop", {"min_area": -1}, "must be 0 or more, not -1"),
        ("khop", {"buffer": 0}, "must be from 1 to 1000000, not 0"),
        ("khop", {"direction": "out"}, "the contacts of the sample 'pair' have no direction"),
        ("khop", {"direction": "ou"}, "direction must be one of both, out, in, not 'ou'.*'out'"),
        ("khop", {"cell": "5,,6"}, "comma-separated cells"),
        ("contacts-by", {"by": "volum"}, "cells have no column 'volum'. Did you mean 'volume'"),
        ("contacts-by", {"by": "volume"}, "holds numbers, but text or whole numbers or true or false are needed"),
        ("neighbours-mean", {"of": "on_border"}, "holds true or false, but whole numbers or numbers are needed"),
        ("nearest", {"to": "volume > 1000"}, "no cell is 'volume > 1000'"),
        ("nearest", {"to": "volume > 1000", "method": "cypher"}, "no cell is 'volume > 1000'"),
        ("nearest", {"to": "2", "where": "label <> 2", "method": "cypher"}, "no cell is '2' and meets the conditions"),
        ("diff", {"source": "six", "target": "sixx"}, "no sample 'sixx' in the database. Did you mean 'six'"),
        ("diff", {"source": "six", "target": "six"}, "a comparison needs two different samples"),
        ("reciprocal", {}, "need contacts with a direction"),
        ("cells", {"min_junctions": 1}, "has no parameter 'min_junctions'"),
    ],
)
def test_what_is_refused(db: cellgraph.Database, name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(cellgraph.CellgraphError, match=message):
        db.query(name, **parameters)


def test_cells_that_do_not_meet_conditions_are_told(db: cellgraph.Database) -> None:
    table = db.query("khop", cell=[2, 5], where="volume > 5")
    assert set(table["cell"].to_pylist()) == {2}
    assert note_of(table) == "the cell 5 does not meet the conditions, so there are no rows about it."


def test_hops_in_a_condition(db: cellgraph.Database) -> None:
    assert db.query("cells", where="khop(1) > 1", sample="six")["cell"].to_pylist() == [1, 2, 3, 4]
    assert db.query("contacts", where="khop(1) > 2").num_rows == 0
    assert rows(db.query("degree", where="khop(1) > 2")) == [("six", 3, 0)]
    with pytest.raises(cellgraph.CellgraphError, match=r"Cypher cannot express khop\(1\).*leave out --method"):
        db.query("degree", where="khop(1) > 2", method="cypher")


def test_samples_do_not_leak(db: cellgraph.Database) -> None:
    for name in ("cells", "contacts", "degree", "connection-count", "khop", "components", "samples"):
        assert set(db.query(name, sample="pair")["sample"].to_pylist()) == {"pair"}


@pytest.mark.parametrize(
    ("parameters", "note"),
    [
        ({}, "the cells 6 and 2 are not connected: 6 is in a component of 1 and 2 in one of 5 cells."),
        (
            {"method": "compiled"},
            "the cells 6 and 2 are not connected: 6 is in a component of 1 and 2 in one of 5 cells.",
        ),
        ({"method": "cypher"}, "there is no path from 6 to 2 within 8 contacts."),
        ({"longest": 2}, "there is no path from 6 to 2 within 2 contacts."),
    ],
)
def test_why_there_is_no_path(db: cellgraph.Database, parameters: dict[str, Any], note: str) -> None:
    table = db.query("path", source=6, target=2, **parameters)
    assert table.num_rows == 0
    assert note_of(table) == note


def test_a_path_that_is_longer_than_wanted(db: cellgraph.Database) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("path", {}),
        ("paths", {}),
        ("paths", {"k": 2}),
        ("paths", {"weight": "area"}),
    ]
    for name, more in asked:
        table = db.query(name, source=5, target=2, longest=2, **more)
        assert (table.num_rows, note_of(table)) == (0, "there is no path from 5 to 2 within 2 contacts.")
    dearer = db.query("paths", source=1, target=2, sample="six", weight="area", longest=1).to_pylist()
    assert [(row["cell"], row["cost"]) for row in dearer] == [(1, 0.0), (2, 4.0)]  # by way of 3 it is as cheap
    assert db.query("path", source=5, target=2, longest=3).num_rows == 4


@pytest.mark.parametrize("name", ["khop", "contacts", "cells", "samples", "degree"])
def test_a_limit_takes_the_first_rows(db: cellgraph.Database, name: str) -> None:
    assert db.query(name, limit=1).equals(db.query(name).slice(0, 1))
    assert db.query(name, limit=0).num_rows == 0


UNSHOWN = ("no path", "path to itself", "contacts-by", "khop-types")  # or shown with types as they are, not as text


@pytest.mark.parametrize("what", [what for what in ANSWERS if what not in UNSHOWN])
def test_what_is_shown_runs_as_it_is(db: cellgraph.Database, address: str, what: str) -> None:
    name, parameters, expected = ANSWERS[what]
    shown = show(name, address, **parameters)
    assert [row[: len(first)] for row, first in zip(rows(db.cypher(shown)), expected, strict=True)] == expected


def test_text_in_what_is_shown_cannot_break_out(db: cellgraph.Database, address: str) -> None:
    shown = show("cells", address, sample="it's\n\\' OR true //")
    assert db.cypher(shown).num_rows == 0


def test_the_graph_read_back_is_the_graph(db: cellgraph.Database) -> None:
    for graph in (six_cells(), pair()):
        back = db.graph(graph.sample.name)
        assert back.sample == graph.sample
        assert back.cells.equals(graph.cells)
        assert back.contacts.equals(graph.contacts)
