"""Columns of contacts as costs of paths and as shares, on networks from tables, with equal rows from both databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from store_graphs import table_network

import cellgraph
from cellgraph.analyze import paths
from cellgraph.analyze.rows import note_of
from cellgraph.model import Network, Sample

# From 1 to 6 it costs 0.6 by 2 and 3, or by 4 and 5, up to the rounding of sums; 0.7 by 7; 2 by 8, or at once.
WAYS = [(1, 2, 0.1), (2, 3, 0.2), (3, 6, 0.3), (1, 4, 0.3), (4, 5, 0.2), (5, 6, 0.1)]
WAYS += [(1, 7, 0.3), (7, 6, 0.4), (1, 8, 1.0), (8, 6, 1.0), (1, 6, 2.0)]


def network(name: str, contacts: list[tuple[Any, ...]], **columns: list[Any]) -> Network:
    """Return a network of contacts of two labels and a column ``cost``, with further columns."""
    a, b, cost = zip(*contacts, strict=True)
    labels = np.unique([*a, *b])
    ends = {"a": np.searchsorted(labels, a), "b": np.searchsorted(labels, b)}
    junctions = columns.pop("junctions", [1] * len(contacts))
    links = {**ends, "junctions": pa.array(junctions, pa.int64()), "cost": pa.array(cost, pa.float64()), **columns}
    return table_network({"label": labels}, links, (Sample(name, connectivity=0),))


def ladder(name: str, rungs: int) -> Network:
    """Return a chain of diamonds: 2 ** rungs ways lead from 0 to 3 * rungs, all equally long."""
    links = [
        (3 * i + a, 3 * i + b, 0.1 * (1 + (a + b) % 2))
        for i in range(rungs)
        for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))
    ]
    return network(name, links)


def holes() -> Network:
    """Return a ring of 1 to 5, with a contact without junctions (2-3), one of no area (3-4), one without cost (4-5)."""
    links = [(1, 2, 1.0), (2, 3, 1.0), (3, 4, 1.0), (4, 5, None), (5, 1, 1.0)]
    return network("holes", links, junctions=[4, 0, 2, 2, 2], area=[0.1, 0.3, 0.0, 0.1, 0.1])


def unmeasured(name: str, links: int) -> Network:
    """Return a diamond of 1 and 2, and 3 and 4 between them; only the contact of 1 and 3 has an area."""
    pairs = [(1, 3, 1.0), (1, 4, 1.0), (2, 3, 1.0), (2, 4, 1.0), (1, 2, 1.0)][:links]
    return network(name, pairs, junctions=[9, 9, 9, 9, 2][:links], area=[7.0, None, None, None, None][:links])


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    """Address of a database with these networks."""
    return fill(
        network("ways", WAYS),
        ladder("many", 14),
        network("parts", PARTS),
        holes(),
        unmeasured("before", 5),
        unmeasured("after", 4),
    )


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    """That database, opened."""
    with cellgraph.open(address) as opened:
        yield opened


def cheapest(db: cellgraph.Database, **given: Any) -> list[tuple[list[int], float]]:
    """Return the cells and the cost of each path from 1 to 6."""
    rows = db.query("paths", source=1, target=6, sample="ways", weight="cost", **given).to_pylist()
    numbers = [row["path"] for row in rows]
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))
    return [
        ([row["cell"] for row in own], pytest.approx(own[-1]["cost"]))
        for own in ([row for row in rows if row["path"] == number] for number in sorted(set(numbers)))
    ]


def test_paths_by_a_weight_are_all_of_the_smallest_cost(db: cellgraph.Database) -> None:
    both = [([1, 2, 3, 6], 0.6), ([1, 4, 5, 6], 0.6)]
    assert 0.1 + 0.2 + 0.3 > 0.3 + 0.2 + 0.1
    assert cheapest(db) == both
    assert cheapest(db, k=1) == both[:1]
    assert cheapest(db, k=3) == [*both, ([1, 7, 6], 0.7)]
    assert cheapest(db, longest=2) == [([1, 7, 6], 0.7)]
    assert cheapest(db, longest=2, k=9) == [([1, 7, 6], 0.7), ([1, 6], 2), ([1, 8, 6], 2)]
    assert cheapest(db, longest=1) == [([1, 6], 2)]
    assert cheapest(db, longest=2, where="label <> 7") == [([1, 6], 2), ([1, 8, 6], 2)]
    one = db.query("path", source=1, target=6, sample="ways", weight="cost")
    assert one["cell"].to_pylist() == [1, 2, 3, 6]


def test_a_search_that_is_given_up_says_so(db: cellgraph.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_TRIED", 4)
    asked = {"source": 1, "target": 6, "sample": "ways", "weight": "cost", "longest": 2}
    found = db.query("paths", k=9, **asked)
    assert found["cell"].to_pylist() == [1, 7, 6, 1, 6]
    assert note_of(found) == "only 2 of the 4 cheapest paths from 1 to 6 have at most 2 contacts."
    assert not note_of(db.query("paths", k=2, **asked))


def test_too_many_cheapest_paths_are_refused(db: cellgraph.Database) -> None:
    ends = {"source": 0, "target": 42, "sample": "many", "weight": "cost"}
    with pytest.raises(cellgraph.CellgraphError, match=r"more than 10,000 cheapest paths, each of cost 4\.2; .*--k 10"):
        db.query("paths", **ends)
    ten = db.query("paths", k=10, **ends).to_pylist()
    assert len({row["path"] for row in ten}) == 10
    assert [row["cost"] for row in ten if row["step"] == 28] == pytest.approx([4.2] * 10)


PARTS = [(1, 2, 2.0), (1, 3, None), (2, 3, 0.0), (3, 4, 3.0), (3, 4, None), (2, 4, 6.0), (5, 6, -1.0), (6, 7, -2.0)]
PARTS += [(8, 9, None), (9, 10, None), (9, 11, 5.0)]


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_parts_of_contacts_some_of_which_have_no_value(db: cellgraph.Database, method: Any) -> None:
    found = db.query("contact-fraction", of="cost", cell=[1, 2, 3, 8], sample="parts", method=method)
    assert [tuple(row.values())[1:5] for row in found.to_pylist()] == [
        (1, 2, 2.0, 1.0),
        (1, 3, None, None),
        (2, 1, 2.0, 0.25),
        (2, 3, 0.0, 0.0),
        (2, 4, 6.0, 0.75),
        (3, 1, None, None),
        (3, 2, 0.0, 0.0),
        (3, 4, 3.0, 1.0),
        (8, 9, None, None),
    ]
    assert note_of(found) == "3 contacts have no cost: the fractions of a cell are of its other contacts."
    assert not note_of(db.query("contact-fraction", of="cost", cell=2, sample="parts", method=method))
    with pytest.raises(
        cellgraph.CellgraphError, match=r"cost .*0 or more.* is -1 for the contact between 5 and 6; name"
    ):
        db.query("contact-fraction", of="cost", cell=5, sample="parts", method=method)
    with pytest.raises(cellgraph.CellgraphError, match=r"is -1 for 2 contacts, the first between 5 and 6"):
        db.query("contact-fraction", of="cost", sample="parts", method=method)
    with pytest.raises(cellgraph.CellgraphError, match=r"contacts have no column 'cots'\. Did you mean 'cost'"):
        db.query("contact-fraction", of="cots", sample="parts", method=method)


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_similar_cells_some_of_whose_contacts_have_no_value(db: cellgraph.Database, method: Any) -> None:
    found = db.query("similar", of="cost", cell=1, sample="parts", method=method)
    # To 2 and 3, 1 has 2 and nothing; 4 has 6 and 3; 2 and 3 have each other, and 4.
    assert [tuple(row.values())[2:7] for row in found.to_pylist()] == [
        (4, 2, 2, 1.0, pytest.approx(2 / 9)),
        (2, 1, 4, 0.25, 0.0),
        (3, 1, 4, 0.25, 0.0),
    ]
    assert note_of(found) == "2 contacts have no cost: such a contact counts as 0 in the column weighted."
    nothing = db.query("similar", of="cost", cell=8, sample="parts", method=method)
    assert [tuple(row.values())[2:7] for row in nothing.to_pylist()] == [(11, 1, 1, 1.0, 0.0), (10, 1, 1, 1.0, None)]
    with pytest.raises(cellgraph.CellgraphError, match=r"is -1 for 2 contacts, the first between 5 and 6; name"):
        db.query("similar", of="cost", cell=5, sample="parts", method=method)
    with pytest.raises(cellgraph.CellgraphError, match="contacts have no column 'cots'"):
        db.query("similar", of="cots", cell=1, sample="parts", method=method)


@pytest.mark.parametrize(
    ("weight", "where", "advice", "cells"),
    [
        ("1/junctions", "the contact between 2 and 3", {"min_junctions": 1}, [2, 1, 5, 4, 3]),
        ("junctions - 2", "4 contacts, the first between 1 and 5", {"min_junctions": 3}, None),
        ("1/area", "the contact between 3 and 4", {"min_area": 0.1}, [2, 3]),
        ("junctions * area", "2 contacts, the first between 2 and 3", {}, None),
        ("1/cost", "the contact between 4 and 5", {}, None),
        ("-cost", "5 contacts, the first between 1 and 2", {}, None),
    ],
)
def test_the_advice_on_a_weight_that_is_not_above_0_works(
    db: cellgraph.Database, weight: str, where: str, advice: dict[str, float], cells: list[int] | None
) -> None:
    asked = {"source": 2, "target": 3, "sample": "holes", "weight": weight}
    with pytest.raises(cellgraph.CellgraphError) as refused:
        db.query("path", **asked)
    assert f"{weight} is missing, infinite or not above 0 for {where}; " in str(refused.value)
    given = {name: float(value) for name, value in re.findall(r"\((min_\w+)=(\S+)\)", str(refused.value))}
    assert given == advice
    assert str(refused.value).endswith("use another --weight (weight=…).")
    if advice:
        given = {name: int(value) if name == "min_junctions" else value for name, value in given.items()}
        assert db.query("path", **asked, **given)["cell"].to_pylist() == (cells or [])


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_an_area_that_is_not_known_is_not_0(db: cellgraph.Database, method: Any) -> None:
    lost = db.query("diff", source="before", target="after", method=method).to_pylist()
    assert [tuple(row.values()) for row in lost] == [("lost", 1, 2, 2, None, True)]
    candidate = db.query("t1-candidates", sample="before", method=method).to_pylist()
    assert [tuple(row.values()) for row in candidate] == [("before", 1, 2, 2, None, 3, 4, "before")]
    assert db.query("t1-candidates", sample="before", max_area=100, method=method).num_rows == 0
    between = db.query("contacts-by", by="label", sample="before", where="label < 4", method=method).to_pylist()
    areas = {(row["type_a"], row["type_b"]): row["area"] for row in between}
    assert {pair: area for pair, area in areas.items() if area != 0} == {
        ("1", "2"): None,
        ("1", "3"): 7.0,
        ("2", "3"): None,
    }
