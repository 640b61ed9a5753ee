"""What every store does with properties that are written after the load: whole or not listed, and never mixed."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from six_cells import joined, pair, six_cells
from store_graphs import CELLS, Database, child, contacts, grid, labels

from cellgraph.errors import ExistsError, InputError, NotFoundError, StoreError
from cellgraph.loading.copy import copy
from cellgraph.stores import Store, open_store
from cellgraph.stores.properties import Properties, written_of


@pytest.fixture(params=["in place", "rewritten"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which the embedded database writes properties."""
    if request.param == "rewritten":
        monkeypatch.setattr("cellgraph.stores.embedded.changing.SMALL", -1)
        monkeypatch.setattr("cellgraph.stores.embedded.changing._ROWS_A_VALUE", 10**6)
    elif "database" not in request.fixturenames or "neo4j" not in request.node.name:
        return
    else:
        monkeypatch.setattr("cellgraph.stores.bolt.changing._CELLS_AT_ONCE", 4)
        monkeypatch.setattr("cellgraph.stores.bolt.send._VALUES_A_BATCH", 7)


def values(store: Store, *names: str) -> list[tuple[Any, ...]]:
    """Sample, label and properties of every cell."""
    listed = ", ".join(f"c.`{name}` AS p{number}" for number, name in enumerate(names))
    rows = store.run(f"{CELLS} RETURN s.name AS sample, c.label AS label, {listed} ORDER BY sample, label").to_pylist()
    return [tuple(row.values()) for row in rows]


def test_whole_numbers_go_into_properties_that_are_floats(store: Store) -> None:
    store.write_all(["six", "pair"], [six_cells().network(), pair().network()])
    floats = Properties("six", pa.table({"label": [1, 2], "score": [0.5, 1.5]}), {"mass": 0.5})
    store.write_properties(floats)
    store.write_properties(Properties("pair", pa.table({"label": [1], "score": [2]}), {"mass": 2}))
    assert values(store, "score")[:3] == [("pair", 1, 2.0), ("pair", 3, None), ("six", 1, 0.5)]
    column = next(column for column in store.columns("cells") if column.name == "score")
    assert column.type == "float"
    assert store.run("MATCH (s:Sample) RETURN s.mass AS mass ORDER BY s.name")["mass"].to_pylist() == [2.0, 0.5]


def of_each_type() -> pa.Table:
    return pa.table(
        {
            "label": [6, 1, 3],
            "rank": [0.5, None, -2.0],
            "group": [2**62, -7, None],
            "cell_type": ["B", "", None],
            "tagged": [True, False, None],
        }
    )


def listed(store: Store, sample: str | None = None) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in store.columns("cells", sample)][34:]


def test_values_of_every_type_are_columns(store: Store) -> None:
    store.write(joined(six_cells(), pair()))
    store.write_properties(Properties("six", of_each_type(), made_from={"rank": {"metric": "rank", "weight": "area"}}))
    assert values(store, "rank", "group", "cell_type", "tagged") == [
        ("pair", 1, None, None, None, None),
        ("pair", 3, None, None, None, None),
        ("six", 1, None, -7, "", False),
        ("six", 2, None, None, None, None),
        ("six", 3, -2.0, None, None, None),
        ("six", 4, None, None, None, None),
        ("six", 5, None, None, None, None),
        ("six", 6, 0.5, 2**62, "B", True),
    ]
    assert listed(store, "six") == [("rank", "float"), ("group", "int"), ("cell_type", "str"), ("tagged", "bool")]
    assert listed(store, "pair") == []
    assert len(contacts(store)) == 6
    written = written_of(store)
    assert written["pair"] == {"cells": {}, "sample": {}}
    assert list(written["six"]["cells"]) == ["rank", "group", "cell_type", "tagged"]
    rank = written["six"]["cells"]["rank"]
    assert (rank["metric"], rank["weight"], rank["type"]) == ("rank", "area", "float")
    assert rank["version"].count(".") == 2
    assert rank["created"] >= "2024"


def test_not_a_number_and_whole_columns(store: Store) -> None:
    store.write(grid(5))
    random = np.random.default_rng(5)
    rank, group = random.random(125) * 10.0 ** random.integers(-9, 9, 125), random.integers(-(2**63), 2**62, 125)
    rank[7] = np.nan
    group[3] = -(2**63)
    store.write_properties(Properties("grid", pa.table({"label": np.arange(1, 126), "rank": rank, "group": group})))
    rows = store.run(f"{CELLS} RETURN c.rank AS rank, c.`group` AS `group`, c.volume AS volume ORDER BY c.label")
    np.testing.assert_array_equal(rows["rank"].to_numpy(), rank)
    np.testing.assert_array_equal(rows["group"].to_numpy(), group)
    np.testing.assert_array_equal(rows["volume"].to_numpy(), np.linspace(1.0, 2.0, 125))


def test_several_samples_at_once_and_of_the_sample_itself(store: Store) -> None:
    store.write(joined(six_cells(), pair()))
    types = pa.table({"label": [1], "kind": ["A"]})
    store.write_properties(
        Properties("pair", types, {"genotype": "wt", "weight": 21.5, "age": 3, "male": True}),
        Properties("six", types, {"genotype": "ko"}),
    )
    assert [row[2] for row in values(store, "kind")] == ["A", None, "A", None, None, None, None, None]
    rows = store.run("MATCH (s:Sample) RETURN s.genotype AS g, s.weight AS w, s.age AS a, s.male AS m ORDER BY g")
    assert rows.to_pylist() == [
        {"g": "ko", "w": None, "a": None, "m": None},
        {"g": "wt", "w": 21.5, "a": 3, "m": True},
    ]
    assert list(written_of(store)["pair"]["sample"]) == ["genotype", "weight", "age", "male"]


def test_a_property_is_replaced_only_when_told(store: Store) -> None:
    store.write(six_cells().network())
    store.write_properties(Properties("six", pa.table({"label": [1, 2], "rank": [1.0, 2.0], "kept": [1, 2]})))
    again = Properties("six", pa.table({"label": [2, 3], "rank": [5.0, 6.0]}))
    with pytest.raises(ExistsError, match=r"of 'six' already have the property 'rank'; replace it with --replace"):
        store.write_properties(again)
    store.write_properties(again, replace=True)
    assert [row[2:] for row in values(store, "rank", "kept")] == [
        *[(None, 1), (5.0, 2), (6.0, None)],
        *[(None, None)] * 3,
    ]
    assert sorted(listed(store)) == [("kept", "int"), ("rank", "float")]


def test_removed_properties_are_gone_and_may_come_back_with_another_type(store: Store) -> None:
    store.write(joined(six_cells(), pair()))
    for name in ("six", "pair"):
        store.write_properties(
            Properties(name, pa.table({"label": [1], "rank": [1.5], "b": [True]}), {"genotype": "x"})
        )
    store.remove_properties(["rank", "genotype"], ["six"])
    assert [row[2:] for row in values(store, "rank", "b")][:3] == [(1.5, True), (None, None), (None, True)]
    assert listed(store, "six") == [("b", "bool")]
    assert store.run("MATCH (s:Sample {name: 'six'}) RETURN s.genotype AS g")["g"].to_pylist() == [None]
    assert list(written_of(store)["six"]["cells"]) == ["b"]
    store.remove_properties(["rank"], ["pair"])
    store.write_properties(Properties("six", pa.table({"label": [2], "rank": ["high"]})))
    assert [row[2] for row in values(store, "rank")] == [None, None, None, "high", None, None, None, None]
    assert len(contacts(store)) == 6


@pytest.mark.parametrize("name", ["volume", "label", "id", "sample", "Volume"])
def test_measures_are_never_overwritten(store: Store, name: str) -> None:
    store.write(six_cells().network())
    table = pa.table({"label": [1]}).append_column(name if name != "label" else "Label", pa.array([1.0]))
    with pytest.raises((InputError, ExistsError), match=r"rename it|another name"):
        store.write_properties(Properties("six", table), replace=True)
    assert listed(store) == []


@pytest.mark.parametrize("name", ["name", "cells", "status", "written", "writing", "directed", "unit"])
def test_what_a_sample_says_of_itself_is_never_overwritten(store: Store, name: str) -> None:
    store.write(six_cells().network())
    with pytest.raises(InputError, match="rename it"):
        store.write_properties(Properties("six", of_sample={name: 1}), replace=True)


def test_columns_of_a_table_import_stay(store: Store) -> None:
    network = six_cells().network()
    store.write(type(network)(network.samples, network.cells.append_column("kind", pa.array(list("abcdef")))
                              , network.contacts))  # fmt: skip
    with pytest.raises(ExistsError, match="'kind', which came with the load; give the new one another name"):
        store.write_properties(Properties("six", pa.table({"label": [1], "kind": ["z"]})), replace=True)
    with pytest.raises(NotFoundError, match="'kind' of the sample 'six' came with the load and stays"):
        store.remove_properties(["kind"], ["six"])
    assert [row[2] for row in values(store, "kind")] == list("abcdef")


@pytest.mark.parametrize(
    ("sample", "columns", "message"),
    [
        ("sx", {"label": [1], "a": [1]}, r"no sample 'sx' in the database.* Did you mean 'six'"),
        ("six", {"label": [1, 9, 12], "a": [1, 2, 3]}, r"there are no cells 9, 12 in the sample 'six'; nothing was"),
        ("six", {"label": [9], "a": [1]}, r"there is no cell 9 in the sample 'six'"),
        ("six", {"label": [1, 1], "a": [1, 2]}, r"the cell 1 occurs twice"),
        ("six", {"label": [1], "a`b": [1]}, r"cannot be a property"),
        ("six", {"label": [1], "a": [[1, 2]]}, r"must hold whole numbers, numbers"),
        ("six", {"a": [1]}, r"need a column 'label'"),
    ],
)
def test_what_cannot_be_written(store: Store, sample: str, columns: dict[str, Any], message: str) -> None:
    store.write(six_cells().network())
    with pytest.raises((NotFoundError, InputError), match=message):
        store.write_properties(Properties(sample, pa.table(columns)))
    assert listed(store) == []


def test_unknown_properties_are_not_removed(store: Store) -> None:
    store.write(six_cells().network())
    store.write_properties(Properties("six", pa.table({"label": [1], "rank": [1.5]})))
    with pytest.raises(NotFoundError, match=r"'rang' of the sample 'six' was not written; .*Did you mean 'rank'"):
        store.remove_properties(["rank", "rang"], ["six"])
    assert listed(store) == [("rank", "float")]


def test_a_replaced_sample_drops_them_and_a_copy_keeps_them(database: Database, tmp_path: Path) -> None:
    with database.open() as store:
        store.write(joined(six_cells(), pair()))
        store.write_properties(Properties("six", of_each_type(), {"genotype": "ko"}, {"rank": {"metric": "rank"}}))
        before = values(store, "rank", "group", "cell_type", "tagged")
        written = written_of(store)
    target = str(tmp_path / "copy.db")
    copy(database.address, target)
    with open_store(target) as other:
        assert values(other, "rank", "group", "cell_type", "tagged") == before
        assert written_of(other) == written
        other.remove_properties(["genotype"], ["six"])
        other.write_properties(Properties("six", pa.table({"label": [1], "rank": [7.0]})), replace=True)
    with database.open() as store:
        store.write(six_cells().network(), replace=True)
        assert listed(store) == []
        assert written_of(store)["six"] == {"cells": {}, "sample": {}}
        rows = store.run("MATCH (s:Sample {name: 'six'}) RETURN s AS s")["s"].to_pylist()
        assert "genotype" not in json.loads(rows[0])


def test_a_reader_is_not_let_write_properties(database: Database) -> None:
    database.open().write(six_cells().network())
    with pytest.raises(StoreError, match="opened read-only"):
        database.open(read_only=True, create=False).write_properties(Properties("six", pa.table({"label": [1]})))


KILLED = """
import os, signal, sys
import numpy as np, pyarrow as pa
from cellgraph.stores import open_store
from cellgraph.stores.properties import Properties

def report(what, done, total):
    if (done > 0) == (sys.argv[2] == "late"):
        os.kill(os.getpid(), signal.SIGKILL)
with open_store(sys.argv[1]) as store:
    table = pa.table({"label": np.arange(1, 1001), "rank": np.full(1000, 2.0), "new": np.full(1000, 3)})
    store.write_properties(Properties("grid", table), replace=True, report=report)
"""


@pytest.mark.parametrize("moment", ["early", "late"])
def test_a_killed_write_lists_nothing_half(database: Database, moment: str) -> None:
    store = database.open()
    store.write(grid(10))
    store.write_properties(Properties("grid", pa.table({"label": np.arange(1, 1001), "rank": np.full(1000, 1.0)})))
    store.close()
    with child(KILLED, database.address, moment) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    store = database.open()
    assert listed(store)[34:] == []
    names = [column.name for column in store.columns("cells")]
    assert "new" not in names
    if "rank" in names:  # the embedded database keeps the old one whole
        assert {row[2] for row in values(store, "rank")} == {1.0}
    store.write(six_cells().network())  # repairs
    left = {key for row in store.run(f"{CELLS} RETURN DISTINCT c.label AS label, c AS c")["c"].to_pylist()
            for key in json.loads(row)}  # fmt: skip
    assert "new" not in left
    assert ("rank" in left) == ("rank" in names)
    assert len(labels(store)) == 1006
    store.write_properties(Properties("grid", pa.table({"label": [1], "new": ["text"]})))
    assert values(store, "new")[0] == ("grid", 1, "text")
