"""`cellgraph copy` and `cellgraph delete`: samples from databases into one, and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from command import cellgraph, refused
from six_cells import joined, pair, six_cells
from store_graphs import contacts, everything, table_network

import cellgraph as package
from cellgraph.model import Network, Sample
from cellgraph.stores import open_store

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def odd() -> Network:
    """Return two samples with a contact between them, and values and names of every kind."""
    extra = {"order": LARGEST, "weight": 0.1, "alive": False, "größe": "é\n'\"\\", "2nd note": "x", "small": SMALLEST}
    cells = {
        "sample": ["a", "a", "b"],
        "label": [SMALLEST, LARGEST, 7],
        "order": [1, None, LARGEST],
        "MATCH": [0.325, None, 1e300],
        "alive": [True, None, False],
        "größe n": ["é", "", None],
        "nothing": pa.nulls(3, pa.int64()),
        "born": ["2024-02-29T12:00:00Z", None, "x"],
    }
    links = {
        "a": [0, 0, 1, 1],
        "b": [1, 1, 2, 1],
        "junctions": [1, 2, None, 4],
        "kind": ["x", None, "y", "z"],
        "limit": pa.array([None, True, None, False]),
        "weight": [LARGEST, SMALLEST, 0, None],
    }
    return table_network(
        cells,
        links,
        (Sample("a", connectivity=0, background=None, extra=extra), Sample("b", connectivity=0, reading="1 µm")),
    )


def held(address: str) -> list[list[dict[str, Any]]]:
    """Return all that a database holds, but its own ids and the time of loading."""
    with open_store(address, read_only=True) as store:
        names = {of: [column.name for column in store.columns(of)] for of in ("cells", "contacts")}
        extra = ["order", "weight", "alive", "größe", "2nd note", "small"]
        kept = ["name", "source", "shape", "spacing", "unit", "background", "connectivity", "status", "created"]
        kept += ["version", "reading", "cells", "contacts", "cell_properties", "contact_properties", *extra]
        asked = [
            ("MATCH (s:Sample) ", "s", kept, "name"),
            ("MATCH (c:Cell) ", "c", ["sample", *names["cells"]], "sample, label"),
            ("MATCH (c:Cell)-[t:TOUCHES]->(d:Cell) ", "t", names["contacts"], "a, b, junctions"),
        ]
        tables = []
        for match, variable, columns, order in asked:
            listed = ", ".join(f"{variable}.`{name}` AS `{name}`" for name in columns)
            ends = "c.label AS a, d.label AS b, c.sample AS of, " if variable == "t" else ""
            tables.append(store.run(f"{match} RETURN {ends}{listed} ORDER BY {order}").to_pylist())
        return tables


def write(address: str, *networks: Network) -> str:
    with open_store(address, create=True) as store:
        for network in networks:
            store.write(network)
    return address


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write(str(tmp_path / "one.db"), odd())


def test_a_copy_holds_what_the_source_holds(source: str, tmp_path: Path) -> None:
    target = str(tmp_path / "two.db")
    done = cellgraph("copy", source, target)
    assert "copied 2 samples with 3 cells and 4 contacts" in done.stderr
    assert held(target) == held(source)


def test_through_neo4j_and_back(
    source: str, tmp_path: Path, neo4j_server: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, user, password = neo4j_server
    monkeypatch.setenv("NEO4J_USERNAME", user)
    monkeypatch.setenv("NEO4J_PASSWORD", password)
    back = str(tmp_path / "back.db")
    package.copy(write(str(tmp_path / "six.db"), six_cells().network()), uri)
    package.copy(source, uri)
    try:
        done = package.copy(uri, back, samples=["a", "b"])
        assert (done.samples, done.cells, done.contacts, done.notes) == (("a", "b"), 3, 4, ())
        assert held(back) == held(source)
        assert "'a'" in refused("copy", source, uri)
        assert "nosuch" in refused("delete", "a", "nosuch", "--db", uri)
        cellgraph("delete", "a", "b", "six", "--db", uri)
        with open_store(uri) as store:
            assert store.sample_names() == []
    finally:
        with open_store(uri) as store:
            left = store.sample_names()
            if left:
                store.delete(*left)


def test_several_sources_and_samples(source: str, tmp_path: Path) -> None:
    other = write(str(tmp_path / "other.db"), joined(six_cells(), pair()), six_cells("a").network())
    target = str(tmp_path / "all.db")
    assert "'a' is in two of the sources" in refused("copy", source, other, target)
    assert not Path(target).exists()
    cellgraph("copy", source, other, target, "--sample", "b", "--sample", "six")
    assert "'six' is already in the target" in refused("copy", other, target, "--sample", "six")
    cellgraph("copy", source, other, target, "--replace", "-q")
    with open_store(target) as store:
        assert store.sample_names() == ["a", "b", "pair", "six"]
        assert everything(store) == {"Sample": 4, "Cell": 15, "HAS_CELL": 15, "TOUCHES": 11}
        assert [row for row in contacts(store) if row[0] == "a"] == [
            ("a", x, "a", y, j) for x, y, j in [(1, 2, 2), (1, 3, 1), (2, 3, 2), (3, 4, 2), (4, 5, 1)]
        ]


def test_contacts_with_samples_that_are_not_copied(source: str, tmp_path: Path) -> None:
    done = package.copy(source, tmp_path / "a.db", samples="a")
    assert (done.cells, done.contacts) == (2, 3)
    assert done.notes == ("1 contacts were left out because they end in samples that were not copied",)


def test_copies_that_are_refused(source: str, tmp_path: Path) -> None:
    assert "SOURCE" in refused("copy", source, status=2)
    assert "into itself" in refused("copy", source, source, status=2)
    assert "no database" in refused("copy", tmp_path / "none.db", source)
    assert "there is no sample 'aa' in the sources" in refused("copy", source, tmp_path / "x.db", "--sample", "aa")
    assert not (tmp_path / "x.db").exists()


def test_samples_are_deleted_all_or_none(tmp_path: Path) -> None:
    path = write(str(tmp_path / "cells.db"), joined(six_cells(), pair()), six_cells("six too").network())
    assert refused("delete", "six", "pare", "--db", path).endswith("Did you mean 'pair'?")
    with open_store(path) as store:
        assert store.sample_names() == ["pair", "six", "six too"]
    assert "deleted 2 samples" in cellgraph("delete", "six", "pair", "--db", path).stderr
    assert package.delete("six too", path) == ("six too",)
    with open_store(path) as store:
        assert everything(store) == {"Sample": 0, "Cell": 0, "HAS_CELL": 0, "TOUCHES": 0}
    assert "no database" in refused("delete", "six", "--db", tmp_path / "none.db")
    with pytest.raises(ValueError, match="got none"):
        package.delete([], path)
