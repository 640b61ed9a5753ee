"""What every store does with networks: written whole or not at all, and never mixed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from six_cells import joined, pair, six_cells
from store_graphs import (
    CELLS,
    CONTACTS,
    PAIR_CONTACTS,
    PAIR_LABELS,
    SIX_CONTACTS,
    SIX_LABELS,
    Database,
    contacts,
    everything,
    labels,
    table_network,
)

from cellgraph.errors import CellgraphError, ExistsError, InputError, NotFoundError, StoreError
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, Sample
from cellgraph.stores import Store
from cellgraph.stores.tables import SAMPLE_TYPES

SIX_AND_PAIR = {"Sample": 2, "Cell": 8, "HAS_CELL": 8, "TOUCHES": 6}


@pytest.fixture(params=["in place", "rewritten"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which the embedded database deletes: small samples where they are, or by a new file."""
    if request.param == "rewritten":
        monkeypatch.setattr("cellgraph.stores.embedded.store.SMALL", -1)


def test_every_column_of_a_cell_comes_back(store: Store) -> None:
    graph = six_cells()
    store.write(graph.network())
    listed = ", ".join(f"c.{column.name} AS {column.name}" for column in CELL_COLUMNS)
    rows = store.run(f"{CELLS} RETURN {listed} ORDER BY c.label").to_pylist()
    assert rows == graph.cells.to_pylist()


def test_every_column_of_a_contact_comes_back(store: Store) -> None:
    graph = six_cells()
    store.write(graph.network())
    properties = [column.name for column in CONTACT_COLUMNS[2:]]
    listed = ", ".join(f"t.{name} AS {name}" for name in properties)
    rows = store.run(f"{CONTACTS} RETURN c.label AS cell_a, d.label AS cell_b, {listed} ORDER BY cell_a, cell_b")
    assert rows.to_pylist() == graph.contacts.to_pylist()


def test_sample_carries_its_provenance(store: Store) -> None:
    store.write(six_cells().network())
    listed = ", ".join(f"s.{name} AS {name}" for name in SAMPLE_TYPES)
    (row,) = store.run(f"MATCH (s:Sample) RETURN {listed}").to_pylist()
    assert row.pop("loaded") > 1_600_000_000_000
    assert row.pop("cell_properties") == [f"{column.name} {column.type}" for column in CELL_COLUMNS]
    assert row.pop("contact_properties") == [f"{column.name} {column.type}" for column in CONTACT_COLUMNS[2:]]
    assert row == {
        "id": 0,
        "first_id": 0,
        "name": "six",
        "written": None,
        "source": "six.tif",
        "shape": [5, 6],
        "spacing": [2.0, 1.0],
        "unit": "micrometer",
        "background": 0,
        "connectivity": 4,
        "status": "complete",
        "created": "2024-02-29T12:00:00Z",
        "version": "0.1.0",
        "reading": "voxel 2 x 1 µm (as you said) · background 0 (assumed)",
        "cells": 6,
        "contacts": 5,
    }


@pytest.mark.usefixtures("way")
def test_the_voxel_size_of_each_of_many_samples_stays(store: Store) -> None:
    """Also when others come and go.  Ladybug 0.22 damages lists of floats that it has compressed."""
    random = np.random.default_rng(0)
    sizes = [(0.5, 0.2, 0.2), (0.325, 0.1083, 0.1083), (1.0, 1.0, 1.0), (2.0, 0.1), tuple(random.random(3))]
    given = [sizes[0]] * 40 + [sizes[1]] * 10 + [sizes[number] for number in random.integers(0, len(sizes), 20)]
    expected = {}
    for number, spacing in enumerate(given):
        name = f"s{number % 60}"  # the last ten replace the first
        store.write(table_network({"label": [1]}, samples=(Sample(name, spacing=spacing),)), replace=True)
        expected[name] = list(spacing)
    store.delete("s30")
    del expected["s30"]
    rows = store.run("MATCH (s:Sample) RETURN s.name AS name, s.spacing AS spacing").to_pylist()
    assert {row["name"]: row["spacing"] for row in rows} == expected


def test_sample_without_volume(store: Store) -> None:
    store.write(table_network({"label": [1]}, samples=(Sample("table", background=None, connectivity=0),)))
    rows = store.run("MATCH (s:Sample) RETURN s.background AS b, s.shape AS shape, s.spacing AS spacing").to_pylist()
    assert rows == [{"b": None, "shape": [], "spacing": []}]


def test_how_a_sample_was_read_is_kept_with_it(store: Store) -> None:
    samples = (Sample("told", reading='dataset "label" (named so)'), Sample("not"))
    store.write(table_network({"sample": ["told", "not"], "label": [1, 1]}, samples=samples))
    rows = store.run("MATCH (s:Sample) RETURN s.name AS name, s.reading AS read ORDER BY name").to_pylist()
    assert rows == [{"name": "not", "read": None}, {"name": "told", "read": 'dataset "label" (named so)'}]


def test_a_background_beyond_signed_integers(store: Store) -> None:
    store.write(table_network({"label": [1]}, samples=(Sample("table", background=2**64 - 1),)))
    assert store.run("MATCH (s:Sample) RETURN s.background AS b")["b"].to_pylist() == [-1]


def test_ids_are_unique_and_follow_sample_and_label(store: Store) -> None:
    store.write(joined(six_cells(), pair()))
    store.write(six_cells("third").network())
    rows = store.run(f"{CELLS} RETURN c.id AS id, s.name AS sample, c.label AS label ORDER BY id").to_pylist()
    assert [row["id"] for row in rows] == list(range(14))
    assert [row["sample"] for row in rows] == ["six"] * 6 + ["pair"] * 2 + ["third"] * 6
    assert [row["label"] for row in rows] == [1, 2, 3, 4, 5, 6, 1, 3, 1, 2, 3, 4, 5, 6]
    first = store.run("MATCH (s:Sample) RETURN s.first_id AS first, s.id AS id ORDER BY id").to_pylist()
    assert first == [{"first": 0, "id": 0}, {"first": 6, "id": 1}, {"first": 8, "id": 2}]


def test_cell_names_its_sample(store: Store) -> None:
    store.write(joined(six_cells(), pair()))
    assert store.run(f"{CELLS} WHERE c.sample <> s.name RETURN c.id AS id").num_rows == 0


def test_existing_sample_is_refused_and_stays(store: Store) -> None:
    store.write(six_cells().network())
    with pytest.raises(ExistsError, match=r"'six' is already in .*--replace"):
        store.write(joined(pair(), pair("six")))
    assert store.sample_names() == ["six"]
    assert (labels(store), contacts(store)) == (SIX_LABELS, SIX_CONTACTS)


@pytest.mark.usefixtures("way")
def test_replacing_leaves_nothing_of_the_old(store: Store) -> None:
    store.write(joined(six_cells("a"), pair("b")))
    store.write(pair("a").network(), replace=True)
    assert store.sample_names() == ["a", "b"]
    assert labels(store) == [("a", 1), ("a", 3), ("b", 1), ("b", 3)]
    assert contacts(store) == [("a", 1, "a", 3, 3), ("b", 1, "b", 3, 3)]
    assert everything(store) == {"Sample": 2, "Cell": 4, "HAS_CELL": 4, "TOUCHES": 2}


@pytest.mark.usefixtures("way")
def test_replacing_some_and_adding_others_at_once(store: Store) -> None:
    store.write(six_cells().network())
    store.write(joined(pair(), six_cells()), replace=True)
    assert labels(store) == PAIR_LABELS + SIX_LABELS
    assert contacts(store) == PAIR_CONTACTS + SIX_CONTACTS
    assert everything(store) == SIX_AND_PAIR


@pytest.mark.usefixtures("way")
def test_replacing_keeps_further_columns_and_contacts_of_others(store: Store) -> None:
    samples = (Sample("x", extra={"weight": 1.5}), Sample("y"), Sample("z"))
    cells = {"sample": ["x", "x", "y", "z"], "label": [1, 2, 1, 1], "type of cell": ["T", "B", None, "T"]}
    links = {"a": [0, 0, 2, 3], "b": [1, 2, 1, 0], "junctions": [1, 2, 3, 4], "note": ["p", None, "q", "r"]}
    store.write(table_network(cells, links, samples))
    store.write(pair("z").network(), replace=True)
    rows = store.run(
        f"{CELLS} RETURN c.sample AS name, c.label AS l, c.`type of cell` AS kind ORDER BY name, l"
    ).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("x", 1, "T"),
        ("x", 2, "B"),
        ("y", 1, None),
        ("z", 1, None),
        ("z", 3, None),
    ]
    rows = store.run(f"{CONTACTS} RETURN c.sample AS x, d.sample AS y, t.junctions AS j, t.note AS n ORDER BY j, x")
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ("x", "x", 1, "p"),
        ("x", "y", 2, None),
        ("y", "x", 3, "q"),
        ("z", "z", 3, None),
    ]
    assert store.run("MATCH (s:Sample {name: 'x'}) RETURN s.weight AS w")["w"].to_pylist() == [1.5]


@pytest.mark.usefixtures("way")
def test_deleting_one_of_many(store: Store) -> None:
    store.write(joined(six_cells(), pair(), six_cells("third")))
    store.delete("third")
    assert store.sample_names() == ["pair", "six"]
    assert (labels(store), contacts(store)) == (PAIR_LABELS + SIX_LABELS, PAIR_CONTACTS + SIX_CONTACTS)
    assert everything(store) == SIX_AND_PAIR
    with pytest.raises(NotFoundError, match="no sample 'third'"):
        store.delete("third")


@pytest.mark.usefixtures("way")
def test_deleting_the_last_leaves_an_empty_database(store: Store) -> None:
    store.write(six_cells().network())
    store.delete("six")
    assert store.sample_names() == []
    assert set(everything(store).values()) == {0}
    store.write(six_cells().network())
    assert labels(store) == SIX_LABELS


def test_unknown_sample_is_told_with_near_ones(store: Store) -> None:
    store.write(joined(six_cells("liver-1"), pair("brain")))
    with pytest.raises(NotFoundError, match=r"no sample 'liver1'.*Did you mean 'liver-1'\?"):
        store.delete("liver1")


def test_relationships_of_tables_are_kept_as_given(store: Store) -> None:
    links = {"a": [2, 0, 0, 1], "b": [0, 2, 2, 1], "junctions": [300, 40, 40, 7]}
    store.write(table_network({"label": [1, 2, 3]}, links))
    assert contacts(store) == [
        ("table", 1, "table", 3, 40),
        ("table", 1, "table", 3, 40),
        ("table", 2, "table", 2, 7),
        ("table", 3, "table", 1, 300),
    ]


def test_a_contact_between_samples_counts_in_both(store: Store) -> None:
    cells = {"sample": ["x", "x", "y"], "label": [1, 2, 1]}
    links = {"a": [0, 1], "b": [1, 2], "junctions": [5, 6]}
    store.write(table_network(cells, links, (Sample("x"), Sample("y"))))
    assert contacts(store) == [("x", 1, "x", 2, 5), ("x", 2, "y", 1, 6)]
    totals = store.run("MATCH (s:Sample) RETURN s.name AS n, s.cells AS c, s.contacts AS t ORDER BY n").to_pylist()
    assert [tuple(row.values()) for row in totals] == [("x", 2, 2), ("y", 1, 1)]


def test_sample_without_cells_and_cells_without_contacts(store: Store) -> None:
    store.write(table_network({"sample": ["x"], "label": [7]}, samples=(Sample("x"), Sample("nothing"))))
    assert store.sample_names() == ["nothing", "x"]
    assert (labels(store), contacts(store)) == ([("x", 7)], [])


def test_network_without_any_cell(store: Store) -> None:
    store.write(table_network({"sample": pa.array([], pa.string()), "label": pa.array([], pa.int64())}))
    assert store.sample_names() == ["table"]
    assert labels(store) == []


ODD_NAMES = [
    "type of cell",
    "Größe, µm",
    "a'b\"c$d{e}",
    "order",
    "x) DETACH DELETE c //",
    "1st",
    "日本",
    "percent%s",
    "back\\slash",
    "origin",
]


def test_column_names_are_data_not_cypher(store: Store) -> None:
    store.write(pair().network())
    cells = {"label": [1, 2]} | {name: [float(number), None] for number, name in enumerate(ODD_NAMES)}
    links = {"a": [0], "b": [1], "junctions": [1]} | {name: [name] for name in ODD_NAMES}
    extra = {name: number for number, name in enumerate(ODD_NAMES)}
    store.write(table_network(cells, links, (Sample("odd", extra=extra),)))
    assert store.sample_names() == ["odd", "pair"]
    for number, name in enumerate(ODD_NAMES):
        rows = store.run(
            f"{CONTACTS} WHERE s.name = 'odd' RETURN c.`{name}` AS cell, t.`{name}` AS contact, s.`{name}` AS sample"
        )
        assert rows.to_pylist() == [{"cell": float(number), "contact": name, "sample": number}]
    assert [column.name for column in store.columns("cells", "odd")] == ["label", *ODD_NAMES, "degree", "junctions"]


@pytest.mark.parametrize(
    "name", ["", "*", "back`tick", "new\nline", "nul\0", "x" * 201, "id", "ID", "_ID", "SAMPLE", "RowID"]
)
def test_impossible_column_names_are_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="rename"):
        store.write(table_network({"label": [1], name: [1]}))
    assert store.sample_names() == []


@pytest.mark.parametrize("name", ["from", "To", "_SRC", "rowid"])
def test_names_that_the_database_gives_to_relationships_are_refused(store: Store, name: str) -> None:
    links = {"a": [0], "b": [0], "junctions": [1], name: [1]}
    with pytest.raises(InputError, match=f"'{name}' of contacts has a name reserved by the database; rename it"):
        store.write(table_network({"label": [1]}, links))


def test_whole_numbers_go_into_columns_of_floats(store: Store) -> None:
    links = {"a": [0], "b": [1], "junctions": [1]}
    half = (Sample("half", extra={"mass": 0.5}),)
    store.write(table_network({"label": [1, 2], "size": [0.5, 1.5]}, {**links, "force": [0.5]}, half))
    two = (Sample("two", extra={"mass": 2}),)
    store.write(table_network({"label": [1, 2], "size": [3, None]}, {**links, "force": [4]}, two))
    rows = store.run(f"{CONTACTS} WHERE s.name = 'two' RETURN c.size AS size, t.force AS force, s.mass AS mass")
    assert rows.to_pylist() == [{"size": 3.0, "force": 4.0, "mass": 2.0}]
    column = next(column for column in store.columns("cells") if column.name == "size")
    assert column.type == "float"


def test_junctions_beyond_64_bits_are_refused(store: Store) -> None:
    links = {"a": [0, 0], "b": [1, 2], "junctions": [9 * 10**18, 9 * 10**18]}
    with pytest.raises(InputError, match=r"junctions of the cell 1 of the sample 'table' come to about 1\.8e\+19"):
        store.write(table_network({"label": [1, 2, 3]}, links))
    assert store.sample_names() == []
    store.write(table_network({"label": [1, 2, 3]}, {**links, "b": [1, 1], "junctions": [9 * 10**18, 2**60 // 8]}))
    assert store.run(f"{CELLS} RETURN c.junctions AS n ORDER BY c.label")["n"][0].as_py() == 9 * 10**18 + 2**57


def test_names_that_differ_only_in_case_are_refused(store: Store) -> None:
    with pytest.raises(InputError, match="'Kind' and 'kind'"):
        store.write(table_network({"label": [1], "Kind": [1], "kind": [2]}))


def test_extra_property_of_a_sample_cannot_overwrite_its_own(store: Store) -> None:
    with pytest.raises(InputError, match="'status'"):
        store.write(table_network({"label": [1]}, samples=(Sample("x", extra={"status": "complete"}),)))
    with pytest.raises(InputError, match="'list'"):
        store.write(table_network({"label": [1]}, samples=(Sample("x", extra={"list": [1]}),)))


VALUES = {
    "whole": pa.array([2**63 - 1, -(2**63), None]),
    "small": pa.array([1, 2, 3], pa.int8()),
    "number": pa.array([1e-300, float("inf"), None]),
    "single": pa.array([0.5, 1.5, None], pa.float32()),
    "truth": pa.array([True, None, False]),
    "text": pa.array(["", "naïve 'quoted' \"text\"\n$x {y} \\", None]),
    "coded": pa.array(["T", "B", None]).dictionary_encode(),
    "large": pa.array(["a", None, "c"], pa.large_string()),
    "nothing": pa.array([None, None, None]),
}


def test_values_of_every_type_come_back(store: Store) -> None:
    columns = {"label": pa.array([-5, 1, 2**63 - 1])} | VALUES
    store.write(table_network(columns))
    listed = ", ".join(f"c.`{name}` AS `{name}`" for name in columns)
    rows = store.run(f"{CELLS} RETURN {listed} ORDER BY c.label")
    assert {name: rows[name].to_pylist() for name in columns} == {
        name: values.to_pylist() for name, values in columns.items()
    }


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": [1], "when": pa.array([0], pa.timestamp("us"))}, "'when' of cells holds timestamp"),
        ({"label": [1], "list": pa.array([[1]])}, "'list' of cells"),
        ({"label": ["one"]}, "'label' of cells holds string, but it must hold whole numbers"),
        ({"label": [1.5]}, "'label' of cells holds double, but it must hold whole numbers"),
        ({"label": [1], "volume": ["big"]}, "'volume' of cells holds string, but it must hold numbers"),
        ({"label": pa.array([2**63], pa.uint64())}, "'label' of cells holds uint64"),
        ({"label": pa.array([None], pa.int64())}, "no label"),
        ({"label": [1, 1]}, "cell 1 of the sample 'table' occurs twice"),
        ({"label": [2, 1]}, "sorted"),
        ({"label": [1], "sample": ["other"]}, "'other', which is not among the samples"),
    ],
)
def test_cells_that_cannot_be_stored(store: Store, columns: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        store.write(table_network(columns))
    assert store.sample_names() == []


@pytest.mark.parametrize("end", [-1, 2, None])
def test_contacts_of_cells_that_do_not_exist(store: Store, end: int | None) -> None:
    links = {"a": [0], "b": pa.array([end], pa.int64()), "junctions": [1]}
    with pytest.raises(InputError, match="'b' of contacts must hold row numbers of the 2 cells"):
        store.write(table_network({"label": [1, 2]}, links))


def test_whole_numbers_fit_a_column_of_numbers(store: Store) -> None:
    store.write(table_network({"label": [1, 2], "volume": [3, 4]}))
    column = store.run(f"{CELLS} RETURN c.volume AS volume ORDER BY volume")["volume"]
    assert (column.type, column.to_pylist()) == (pa.float64(), [3.0, 4.0])


def test_another_type_of_a_known_column(store: Store) -> None:
    store.write(table_network({"label": [1], "kind": ["T"]}))
    other = table_network({"label": [1], "kind": [4]}, samples=(Sample("other"),))
    if store.typed_properties:
        with pytest.raises(InputError, match=r"'kind' of cells holds int, but is STRING in this database; rename it"):
            store.write(other)
        assert store.sample_names() == ["table"]
    else:
        store.write(other)
        assert store.sample_names() == ["other", "table"]


def test_progress_ends_at_the_totals(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    store.write(six_cells().network(), report=lambda *what: told.append(what))
    assert [entry for entry in told if entry[1] == entry[2]] == [("cells", 6, 6), ("contacts", 5, 5)]
    assert all(0 <= done <= total for _, done, total in told)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("phase", ["cells", "contacts"])
@pytest.mark.usefixtures("way")
def test_an_interrupted_load_shows_nothing(store: Store, phase: str, error: type[BaseException]) -> None:
    store.write(joined(six_cells(), pair()))

    def stop(what: str, done: int, total: int) -> None:
        if what == phase:
            raise error

    with pytest.raises((error, CellgraphError)):
        store.write(joined(pair("new"), pair("six")), replace=True, report=stop)
    assert store.sample_names() == ["pair", "six"]
    assert (labels(store), contacts(store)) == (PAIR_LABELS + SIX_LABELS, PAIR_CONTACTS + SIX_CONTACTS)
    store.write(pair("new").network())
    assert everything(store) == {"Sample": 3, "Cell": 10, "HAS_CELL": 10, "TOUCHES": 7}


def test_two_loads_of_one_name_at_once(database: Database) -> None:
    graphs = [six_cells("same"), pair("same")] * 2
    together = threading.Barrier(len(graphs))

    def load(graph: object) -> str:
        with database.open() as store:
            together.wait()
            try:
                store.write(graph.network())  # type: ignore[attr-defined]
            except ExistsError:
                return "refused"
        return f"{graph.cells.num_rows}"  # type: ignore[attr-defined]

    with ThreadPoolExecutor(len(graphs)) as threads:
        outcomes = sorted(threads.map(load, graphs))
    winner = int(outcomes[0])
    assert outcomes[1:] == ["refused"] * 3
    with database.open() as store:
        edges = {6: 5, 2: 1}[winner]
        assert len(labels(store)) == winner
        assert everything(store) == {"Sample": 1, "Cell": winner, "HAS_CELL": winner, "TOUCHES": edges}


def test_loads_of_several_names_at_once(database: Database) -> None:
    names = [f"s{number}" for number in range(6)]
    together = threading.Barrier(3)

    def load(own: list[str]) -> None:
        with database.open() as store:
            together.wait()
            for name in own:
                store.write(six_cells(name).network())

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(load, (names[:2], names[2:4], names[4:])))
    with database.open() as store:
        assert store.sample_names() == names
        assert everything(store) == {"Sample": 6, "Cell": 36, "HAS_CELL": 36, "TOUCHES": 30}
        ids = store.run(f"{CELLS} RETURN c.id AS id ORDER BY id")["id"].to_pylist()
        assert len(set(ids)) == 36


def test_readers_see_the_old_or_the_new(database: Database) -> None:
    database.open().write(six_cells("s").network())
    done = threading.Event()

    def watch() -> set[tuple[int, int]]:
        seen = set()
        with database.open(read_only=True) as store:
            while True:
                last = done.is_set()
                rows = store.run(
                    f"{CELLS} OPTIONAL MATCH (c)-[t:TOUCHES]->(:Cell) "
                    "RETURN count(DISTINCT c.id) AS cells, count(t.junctions) AS contacts"
                ).to_pylist()
                seen.add((rows[0]["cells"], rows[0]["contacts"]))
                if last:
                    return seen

    with ThreadPoolExecutor(2) as threads:
        watching = [threads.submit(watch) for _ in range(2)]
        try:
            with database.open() as store:
                for graph in [pair("s"), six_cells("s")] * 4:
                    store.write(graph.network(), replace=True)
        finally:
            done.set()
        assert set().union(*(future.result() for future in watching)) <= {(6, 5), (2, 1)}


def test_a_reader_is_not_let_write(database: Database) -> None:
    database.open().write(six_cells().network())
    reader = database.open(read_only=True)
    with pytest.raises(StoreError, match="opened read-only"):
        reader.write(pair().network())
    with pytest.raises(StoreError, match="opened read-only"):
        reader.delete("six")
    assert reader.sample_names() == ["six"]
