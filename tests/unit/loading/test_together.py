"""Small networks that are written in one statement."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from cellgraph.loading import together as module
from cellgraph.loading.together import together
from cellgraph.model import Network, Sample
from cellgraph.stores import open_store


def network(name: str, cells: int, **more: str) -> Network:
    ends = {"a": pa.array(range(cells - 1), pa.int64()), "b": pa.array(range(1, cells), pa.int64())}
    table = pa.table(
        {"sample": [name] * cells, "label": list(range(1, cells + 1)), **{k: [v] * cells for k, v in more.items()}}
    )
    return Network((Sample(name),), table, pa.table(ends))


def test_only_networks_with_the_same_columns_are_joined() -> None:
    given = [network("a", 3), network("b", 2), network("c", 4, kind="x"), network("d", 3)]
    assert [[sample.name for sample in one.samples] for one in together(given)] == [["a", "b"], ["c"], ["d"]]


def test_joined_networks_are_not_larger_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [network(name, 3) for name in "abcdefg"]
    monkeypatch.setattr(module, "AT_ONCE", 2 * (given[0].cells.nbytes + given[0].contacts.nbytes))
    assert [len(one.samples) for one in together(given)] == [2, 2, 2, 1]


def test_contacts_stay_those_of_their_cells(tmp_path: Path) -> None:
    given = [network(name, cells) for name, cells in (("a", 3), ("b", 2), ("c", 4))]
    with open_store(tmp_path / "one.db", create=True) as store:
        store.write_all(["a", "b", "c"], list(together(given)))
        rows = store.run(
            "MATCH (a:Cell)-[:TOUCHES]->(b:Cell) "
            "RETURN a.sample AS sample, a.label AS a, b.label AS b, b.sample AS other ORDER BY sample, a"
        ).to_pylist()
    expected = [(name, k, k + 1) for name, cells in (("a", 3), ("b", 2), ("c", 4)) for k in range(1, cells)]
    assert [(row["sample"], row["a"], row["b"]) for row in rows] == expected
    assert all(row["sample"] == row["other"] for row in rows)
