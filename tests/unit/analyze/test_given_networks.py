"""Networks as a table import gives them: between samples, more than once, of a cell with itself, with more columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from store_graphs import table_network

import cellgraph
from cellgraph.model import Network, Sample

# Sample t1 has the cells 1 and 2, t2 the cells 1 and 3.
GIVEN = table_network(
    {
        "sample": ["t1", "t1", "t2", "t2"],
        "label": [1, 2, 1, 3],
        "kind": ["a", "b", "a", None],
        "mass": [1.0, 2.0, 3.0, 4.0],
    },
    {
        "a": pa.array([0, 0, 3, 3], pa.int64()),  # t1:1 - t1:2, t1:1 - t2:3 twice, t2:3 with itself
        "b": pa.array([1, 3, 0, 3], pa.int64()),
        "junctions": pa.array([800, 40, 300, 5], pa.int64()),
        "strength": pa.array([0.5, 0.25, None, 1.0]),
    },
    (Sample("t1", connectivity=0, extra={"mass": 100}), Sample("t2", connectivity=0, extra={"mass": 40})),
)


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    """Address of a database with that network."""
    return fill(GIVEN)


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    """That database, opened."""
    with cellgraph.open(address) as opened:
        yield opened


def rows(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*table.select(list(names)).to_pydict().values(), strict=True))


CONTACTS = [
    ("t1", 1, 2, 800, 0.5, "t1"),
    ("t1", 1, 3, 300, None, "t2"),
    ("t1", 1, 3, 40, 0.25, "t2"),
]


def test_each_relationship_is_a_contact_but_not_one_of_a_cell_with_itself(db: cellgraph.Database) -> None:
    columns = ("sample", "cell_a", "cell_b", "junctions", "strength", "sample_b")
    assert rows(db.query("contacts"), *columns) == CONTACTS
    assert rows(db.query("contacts", sample="t1"), *columns) == CONTACTS
    assert rows(db.query("contacts", sample="t2"), *columns) == CONTACTS[1:]


def test_further_columns_are_shown(db: cellgraph.Database) -> None:
    cells = db.query("cells", sample="t2")
    assert cells.column_names[-2:] == ["kind", "mass"]
    assert rows(cells, "cell", "kind", "mass", "voxels") == [(1, "a", 3.0, None), (3, None, 4.0, None)]
    assert rows(db.samples(), "sample", "mass", "connectivity") == [("t1", 100, 0), ("t2", 40, 0)]
    assert "mass" not in db.query("contacts").column_names


@pytest.mark.parametrize("method", ["cypher", "compiled"])
@pytest.mark.parametrize("sample", [None, "t1", "t2"])
@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("connection-count", {}, [("t1", 1, 3), ("t1", 2, 1), ("t2", 1, 0), ("t2", 3, 3)]),
        ("degree", {}, [("t1", 1, 2), ("t1", 2, 1), ("t2", 1, 0), ("t2", 3, 1)]),
        (
            "khop",
            {"k": 2},
            [
                *[("t1", 1, 1, 2, 2), ("t1", 1, 2, 0, 2), ("t1", 2, 1, 1, 1), ("t1", 2, 2, 1, 2)],
                *[("t2", 1, 1, 0, 0), ("t2", 1, 2, 0, 0), ("t2", 3, 1, 1, 1), ("t2", 3, 2, 1, 2)],
            ],
        ),
        ("components", {}, [("t1", 1, 1, 2), ("t1", 2, 1, 2), ("t2", 1, 1, 1), ("t2", 3, 3, 1)]),
    ],
)
def test_ways_lead_from_one_sample_into_another(
    db: cellgraph.Database,
    name: str,
    parameters: dict[str, Any],
    expected: list[tuple[Any, ...]],
    sample: str | None,
    method: Any,
) -> None:
    table = db.query(name, sample=sample, method=method, **parameters)
    assert rows(table, *table.column_names) == [row for row in expected if sample in (None, row[0])]


@pytest.mark.parametrize("method", ["auto", "cypher", "compiled"])
def test_a_path_between_two_samples(db: cellgraph.Database, method: Any) -> None:
    table = db.query("path", source=2, target=3, method=method)
    assert rows(table, *table.column_names) == [(0, 2, None), (1, 1, 800), (2, 3, 340)]


def test_relationships_of_two_cells_are_added_up(db: cellgraph.Database) -> None:
    table = db.query("neighbours", cell=3)
    assert rows(table, *table.column_names) == [("t2", 3, 1, 340, None, "t1")]


def test_a_graph_read_back_has_the_further_columns_and_its_own_contacts(db: cellgraph.Database) -> None:
    graph = db.graph("t1")
    assert graph.sample.extra == {"mass": 100}
    assert rows(graph.cells, "label", "kind", "mass") == [(1, "a", 1.0), (2, "b", 2.0)]
    assert rows(graph.contacts, "cell_a", "cell_b", "junctions", "strength") == [(1, 2, 800, 0.5)]
    assert sorted(graph.to_networkx().edges) == [(1, 2)]


def random_network(seed: int) -> Network:
    """Return a network of two samples with relationships at random, some given twice, some of a cell with itself."""
    random = np.random.default_rng(seed)
    cells, links = 40, 60
    labels = [np.sort(random.choice(200, cells // 2, replace=False)) for _ in range(2)]
    ends = random.integers(0, cells, (2, links))
    return table_network(
        {"sample": ["r1"] * (cells // 2) + ["r2"] * (cells // 2), "label": np.concatenate(labels)},
        {
            "a": pa.array(np.r_[ends[0], ends[1][:5]]),
            "b": pa.array(np.r_[ends[1], ends[0][:5]]),
            "junctions": pa.array(random.integers(1, 9, links + 5)),
        },
        (Sample("r1", connectivity=0), Sample("r2", connectivity=0)),
    )


def test_cypher_and_compiled_code_agree(fill: Callable[..., str]) -> None:
    with cellgraph.open(fill(random_network(1))) as db:
        for sample in ("r1", "r2", None):
            for name, parameters in [
                *[("khop", {"k": k}) for k in (1, 2, 4)],
                *[("khop-summary", {"k": 3}), ("degree", {}), ("hubs", {}), ("connection-count", {})],
                ("components", {}),
                ("contacts", {}),
            ]:
                cypher, compiled = (
                    db.query(name, sample=sample, method=m, **parameters) for m in ("cypher", "compiled")
                )
                assert cypher.equals(compiled), (name, sample, parameters)
        labels = db.query("cells", sample="r1")["cell"].to_pylist()
        ways = set()
        for source, target in zip(labels, labels[::-1], strict=True):
            found = [
                db.query("path", sample="r1", source=source, target=target, method=m) for m in ("cypher", "compiled")
            ]
            assert found[0].equals(found[1]), (source, target)
            ways.add(found[0].num_rows)
        assert len(ways) > 3


def test_junctions_beyond_the_exact_floats_are_summed_up(fill: Callable[..., str]) -> None:
    """They are whole numbers of 64 bits; a summary counts in floats."""
    links = {"a": [0, 1], "b": [1, 2], "junctions": [2**53 + 1, 2]}
    with cellgraph.open(fill(table_network({"label": [1, 2, 3]}, links))) as db:
        rows = db.query("summary").to_pylist()
        found = {row["measure"]: row["value"] for row in rows}
        assert found["cells"] == 3
        assert found["junctions_mean"] == (2.0**53 + 2) / 2


def test_many_ways_do_not_explode(fill: Callable[..., str]) -> None:
    """1,000 cells with 14 contacts each, as in tissue: about 14**6 ways of six contacts start from each."""
    n = 1000
    near = [(i, (i + step) % n) for i in range(n) for step in (1, 2, 3, 30, 31, 32, 33)]
    a, b = np.array(near).T
    network = table_network(
        {"label": np.arange(1, n + 1)},
        {"a": pa.array(a), "b": pa.array(b), "junctions": pa.array(np.ones(len(a), np.int64))},
        (Sample("dense", connectivity=0),),
    )
    with cellgraph.open(fill(network)) as db:
        one = db.query("khop", k=6, cell=500, sample="dense", method="cypher", timeout=60)
        assert one.equals(db.query("khop", k=6, cell=500, sample="dense", method="compiled"))
        assert one["within"][-1].as_py() == 344  # of 999
        every = db.query("khop", k=2, sample="dense", method="cypher", timeout=60)
        assert every.equals(db.query("khop", k=2, sample="dense", method="compiled"))
        pieces = db.query("components", sample="dense", method="cypher", timeout=60)
        assert pieces.equals(db.query("components", sample="dense", method="compiled"))
        way = db.query("path", source=1, target=200, sample="dense", method="cypher")
        assert way.equals(db.query("path", source=1, target=200, sample="dense", method="compiled"))


def test_contacts_given_twice_come_largest_first_whatever_answers(fill: Callable[..., str]) -> None:
    """A number that is not there counts as the largest, as in Cypher; and none is rounded on the way."""
    junctions = [5, None, 2**53 + 1, 2**53, 5]
    network = table_network(
        {"label": [1, 2]},
        {"a": [0, 1, 0, 1, 0], "b": [1, 0, 1, 0, 1], "junctions": pa.array(junctions, pa.int64())},
        (Sample("twice", connectivity=0),),
    )
    with cellgraph.open(fill(network)) as db:
        for method in ("cypher", "compiled"):
            found = db.query("contacts", sample="twice", method=method)["junctions"].to_pylist()
            assert found == [None, 2**53 + 1, 2**53, 5, 5], method
