"""What every store answers, and how it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from six_cells import joined, pair, six_cells
from store_graphs import CELLS, SIX_CONTACTS, Database, contacts, everything, table_network

from cellgraph.errors import NotFoundError, ParameterError, StoreError
from cellgraph.loading.loaded import find_loaded
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, Sample
from cellgraph.stores import Store


@pytest.fixture
def six(store: Store) -> Store:
    """A store that holds the six cells, and the pair as a second sample."""
    store.write(joined(six_cells(), pair()))
    return store


WRITES = [
    "CREATE (:Sample {id: 77, name: 'x', status: 'complete'})",
    "MATCH (c:Cell) SET c.volume = 0.0",
    "MATCH (c:Cell) DETACH DELETE c",
    "MATCH (s:Sample) SET s.status = 'retired' RETURN s.name AS name",
    "MERGE (s:Sample {id: 78}) RETURN s.id AS id",
    "MATCH (a:Cell {label: 1}), (b:Cell {label: 6}) CREATE (a)-[:TOUCHES {junctions: 1}]->(b)",
]


@pytest.mark.parametrize("cypher", WRITES)
@pytest.mark.parametrize("read_only", [True, False])
def test_queries_cannot_write(database: Database, cypher: str, read_only: bool) -> None:
    with database.open() as store:
        store.write(six_cells().network())
    with database.open(read_only=read_only) as store:
        with pytest.raises(StoreError, match=r"^the query 'mine' writes, but queries only read"):
            store.run(cypher, name="mine")
        assert everything(store) == {"Sample": 1, "Cell": 6, "HAS_CELL": 6, "TOUCHES": 5}
        assert contacts(store) == SIX_CONTACTS


def test_what_was_loaded_already_is_known_by_its_source_and_options(six: Store, database: Database) -> None:
    sample = six_cells().sample
    found = find_loaded(database.address, sample)
    border = sum(six_cells().cells["on_border"].to_pylist())
    assert found is not None
    assert (found.cells, found.contacts, found.border_cells) == (6, 5, border)
    assert found.created == sample.created
    for other in ({"source": "another.tif"}, {"connectivity": 8}, {"background": 9}, {"name": "none"}):
        assert find_loaded(database.address, replace(sample, **other)) is None


def test_a_query_is_one_statement(six: Store) -> None:
    with pytest.raises(StoreError, match="one statement"):
        six.run("MATCH (c:Cell) RETURN c.label AS l; MATCH (c:Cell) RETURN c.id AS i")


def test_parameters_of_every_type(six: Store) -> None:
    values = {"whole": 2**63 - 1, "number": 0.5, "text": "a 'b' \"c\" $d", "truth": False, "list": [1, 2]}
    row = six.run("RETURN " + ", ".join(f"${name} AS {name}" for name in values), values).to_pylist()
    assert row == [values]


def test_parameters_from_numpy(six: Store) -> None:
    rows = six.run(
        f"{CELLS} WHERE c.label IN $labels AND c.volume > $volume AND s.name = 'six' RETURN c.label AS l ORDER BY l",
        {"labels": np.array([1, 3, 4]), "volume": np.float32(4.5)},
    )
    assert rows["l"].to_pylist() == [1, 3]


def test_null_parameter(six: Store) -> None:
    assert six.run("RETURN $x IS NULL AS empty", {"x": None})["empty"].to_pylist() == [True]


def test_a_missing_parameter_is_an_error(six: Store) -> None:
    with pytest.raises(ParameterError, match="lable"):
        six.run(f"{CELLS} WHERE c.label = $lable RETURN c.id AS id", {"label": 1})


def test_dollars_in_text_are_no_parameters(six: Store) -> None:
    assert six.run("RETURN '$x' AS a, \"$y\" AS b // $z")["a"].to_pylist() == ["$x"]


@pytest.mark.parametrize("value", [2**63, object(), b"bytes", 1j])
def test_values_that_cypher_does_not_have(six: Store, value: object) -> None:
    with pytest.raises(ParameterError, match="the parameter 'x'"):
        six.run("RETURN $x AS x", {"x": value})


@pytest.mark.parametrize("cypher", ["MATCH (c:Cell) RETRN c", "", "RETURN", "MATCH (c:Cell) RETURN nope.label"])
def test_broken_cypher_is_told_with_the_name_of_the_query(six: Store, cypher: str) -> None:
    with pytest.raises(StoreError, match="could not run the query 'mine'") as caught:
        six.run(cypher, name="mine")
    assert "\n" not in str(caught.value)


def test_values_of_parameters_stay_out_of_messages(six: Store) -> None:
    with pytest.raises(StoreError, match="parameters secret") as caught:
        six.run("RETURN date($secret) AS d", {"secret": "hunter2-is-no-date"})
    assert "hunter2" not in str(caught.value)


def test_types_of_rows(six: Store) -> None:
    rows = six.run(
        f"{CELLS} WHERE s.name = 'six' RETURN c.label AS whole, c.volume AS number, c.on_border AS truth, "
        "s.name AS text, s.shape AS wholes, s.spacing AS numbers, count(*) AS n, sum(c.voxels) AS total, "
        "avg(c.voxels) AS mean ORDER BY whole"
    )
    assert dict(zip(rows.column_names, rows.schema.types, strict=True)) == {
        "whole": pa.int64(),
        "number": pa.float64(),
        "truth": pa.bool_(),
        "text": pa.string(),
        "wholes": rows.schema.field("wholes").type,
        "numbers": rows.schema.field("numbers").type,
        "n": pa.int64(),
        "total": pa.int64(),
        "mean": pa.float64(),
    }
    assert (rows["wholes"].type.value_type, rows["numbers"].type.value_type) == (pa.int64(), pa.float64())
    assert rows.slice(0, 1).to_pylist() == [
        {
            "whole": 1,
            "number": 10.0,
            "truth": True,
            "text": "six",
            "wholes": [5, 6],
            "numbers": [2.0, 1.0],
            "n": 1,
            "total": 5,
            "mean": 5.0,
        }
    ]


def test_rows_keep_their_order_and_columns_theirs(six: Store) -> None:
    rows = six.run(f"{CELLS} WHERE s.name = 'six' RETURN c.x AS b, c.label AS a ORDER BY c.x DESC")
    assert rows.column_names == ["b", "a"]
    assert rows["a"].to_pylist() == [6, 3, 2, 4, 1, 5]


def test_no_rows_have_columns_all_the_same(six: Store) -> None:
    rows = six.run(f"{CELLS} WHERE c.label = -1 RETURN c.label AS label, s.name AS sample")
    assert (rows.num_rows, rows.column_names) == (0, ["label", "sample"])


def test_columns_without_a_value(six: Store) -> None:
    rows = six.run(f"{CELLS} RETURN c.label AS label, c.height AS height, null AS nothing ORDER BY c.id LIMIT 2")
    assert rows.to_pylist() == [{"label": label, "height": None, "nothing": None} for label in (1, 2)]


def test_more_rows_than_a_chunk(six: Store) -> None:
    rows = six.run(
        "UNWIND range(1, 120000) AS i RETURN i AS i, i * 0.5 AS half, CASE WHEN i > 60000 THEN i END AS late"
    )
    assert rows.num_rows == 120_000
    assert rows["i"].to_numpy().sum() == 120_000 * 120_001 // 2
    assert (rows["half"].type, rows["late"].type) == (pa.float64(), pa.int64())
    assert rows["late"].null_count == 60_000


def test_graph_values_are_the_same_json_everywhere(six: Store) -> None:
    rows = six.run(
        "MATCH (s:Sample {name: 'pair'})-[h:HAS_CELL]->(c:Cell {label: 1})-[t:TOUCHES]->(d:Cell) "
        "RETURN c AS node, h AS has, t AS touches, [t] AS list, {label: c.label, name: s.name} AS map"
    )
    cell = pair().cells.slice(0, 1).to_pylist()[0]
    cell = {name: value for name, value in cell.items() if value is not None}
    touches = {"_type": "TOUCHES", "junctions": 3, "area": 3.0}
    expected = {
        "node": {"_label": "Cell", "id": 6, "sample": "pair", **cell},
        "has": {"_type": "HAS_CELL"},
        "touches": touches,
        "list": [touches],
        "map": {"label": 1, "name": "pair"},
    }
    assert rows.to_pylist() == [{name: json.dumps(value, sort_keys=True) for name, value in expected.items()}]


def test_json_has_no_infinities(store: Store) -> None:
    store.write(table_network({"label": [1], "ratio": pa.array([float("inf")]), "size": pa.array([float("-inf")])}))
    (text,) = store.run("MATCH (c:Cell) RETURN [c] AS c")["c"].to_pylist()
    assert json.loads(text, parse_constant=pytest.fail) == [
        {
            "_label": "Cell",
            "id": 0,
            "sample": "table",
            "label": 1,
            "ratio": None,
            "size": None,
            "degree": 0,
            "junctions": 0,
        }
    ]


def test_paths_are_json(six: Store) -> None:
    rows = six.run("MATCH p = (c:Cell {sample: 'six', label: 4})-[:TOUCHES]->(d:Cell) RETURN p AS p")
    (path,) = [json.loads(text) for text in rows["p"].to_pylist()]
    assert [node["label"] for node in path["_nodes"]] == [4, 5]
    assert path["_relationships"] == [
        {"_type": "TOUCHES", "junctions": 1, "area": 2.0, "junctions_y": 0, "junctions_x": 1}
        | {"junctions_z": 0, "touching_corners": 0, "touching_edges": 0, "sites": 1}
    ]


ENDLESS = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a * b % 7 = 3 RETURN count(*) AS n"


def test_a_time_out_is_an_error_and_no_empty_answer(six: Store) -> None:
    with pytest.raises(StoreError, match=r"the query 'endless' was stopped after 0\.5 seconds"):
        six.run(ENDLESS, name="endless", timeout=0.5)
    assert six.run("RETURN 1 AS one", timeout=60)["one"].to_pylist() == [1]


def test_topology_of_all(six: Store) -> None:
    bare = six.topology()
    assert bare.samples.tolist() == ["pair"] * 2 + ["six"] * 6
    assert bare.labels.tolist() == [1, 3, 1, 2, 3, 4, 5, 6]
    assert {(int(a), int(b)) for a, b in zip(bare.a, bare.b, strict=True)} == {
        (0, 1),
        (2, 3),
        (2, 4),
        (3, 4),
        (4, 5),
        (5, 6),
    }
    assert (bare.labels.dtype, bare.a.dtype, bare.b.dtype) == (np.int64, np.int64, np.int64)


def test_topology_of_one(six: Store) -> None:
    bare = six.topology("pair")
    assert (bare.samples.tolist(), bare.labels.tolist()) == (["pair", "pair"], [1, 3])
    assert (bare.a.tolist(), bare.b.tolist()) == ([0], [1])


def test_topology_with_properties(six: Store) -> None:
    bare = six.topology("six", cells=["volume", "length"], contacts=["area", "junctions_z"])
    assert bare.of_cells["volume"].to_pylist() == [10.0, 8.0, 8.0, 4.0, 4.0, 4.0]
    assert bare.of_cells["length"].null_count == 6
    ends = zip(bare.labels[bare.a].tolist(), bare.labels[bare.b].tolist(), strict=True)
    areas = dict(zip(ends, bare.of_contacts["area"].to_pylist(), strict=True))
    assert areas == {(1, 2): 4.0, (1, 3): 2.0, (2, 3): 2.0, (3, 4): 3.0, (4, 5): 2.0}
    assert bare.of_contacts["junctions_z"].to_pylist() == [0] * 5
    every = six.topology(cells=["volume"], contacts=["area", "junctions_z"])
    assert every.of_cells["volume"].to_pylist() == [3.0, 6.0, 10.0, 8.0, 8.0, 4.0, 4.0, 4.0]
    assert sorted(every.of_contacts["area"].to_pylist()) == [2.0, 2.0, 2.0, 3.0, 3.0, 4.0]


def test_topology_of_one_leaves_out_contacts_with_others(store: Store) -> None:
    cells = {"sample": ["x", "x", "y"], "label": [1, 2, 1]}
    links = {"a": [0, 1], "b": [1, 2], "junctions": [5, 6]}
    store.write(table_network(cells, links, (Sample("x"), Sample("y"))))
    assert store.topology("x").a.tolist() == [0]
    assert store.topology("y").a.tolist() == []
    assert (store.topology().a.tolist(), store.topology().b.tolist()) == ([0, 1], [1, 2])


def test_topology_after_a_replacement(store: Store) -> None:
    store.write(joined(pair("a"), pair("b"), pair("c")))
    store.write(six_cells("a").network(), replace=True)
    bare = store.topology()
    assert bare.samples.tolist() == ["a"] * 6 + ["b", "b", "c", "c"]
    assert bare.labels.tolist() == [1, 2, 3, 4, 5, 6, 1, 3, 1, 3]
    pairs = {(bare.samples[a], int(bare.labels[a]), int(bare.labels[b])) for a, b in zip(bare.a, bare.b, strict=True)}
    assert pairs == {("a", a, b) for _, a, _, b, _ in SIX_CONTACTS} | {("b", 1, 3), ("c", 1, 3)}


def test_columns_are_those_that_came(six: Store) -> None:
    six.write(table_network({"label": [1], "kind": ["T"]}, samples=(Sample("table"),)))
    assert six.columns("cells", "six") == CELL_COLUMNS
    assert six.columns("contacts", "six") == CONTACT_COLUMNS[2:]
    assert [(column.name, column.type) for column in six.columns("cells", "table")] == [
        ("label", "int"),
        ("kind", "str"),
        ("degree", "int"),
        ("junctions", "int"),
    ]
    assert [column.name for column in six.columns("cells")] == [column.name for column in CELL_COLUMNS] + ["kind"]


@pytest.mark.parametrize("method", ["topology", "delete"])
def test_unknown_sample(six: Store, method: str) -> None:
    with pytest.raises(NotFoundError, match=r"no sample 'sicks'"):
        getattr(six, method)("sicks")
    with pytest.raises(NotFoundError, match=r"no sample 'sixx'.*Did you mean 'six'\?"):
        six.columns("cells", "sixx")


@pytest.mark.parametrize("cypher", ["CALL nothing()", "USE nowhere RETURN 1 AS x", "RETURN 1/0 AS x"])
def test_what_the_database_refuses_is_an_error_of_cellgraph(six: Store, cypher: str) -> None:
    with pytest.raises(StoreError):
        six.run(cypher)


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[tuple[str, int]], list[tuple[int, int]]]:
    cells = draw(
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(-(2**63), 2**63 - 1)), unique=True, max_size=12)
    )
    ends = st.integers(0, max(0, len(cells) - 1))
    return sorted(cells), draw(st.lists(st.tuples(ends, ends), max_size=20)) if cells else []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(networks())
def test_topology_is_what_was_written(
    store: Store, network: tuple[list[tuple[str, int]], list[tuple[int, int]]]
) -> None:
    cells, links = network
    columns = {
        "sample": pa.array([sample for sample, _ in cells], pa.string()),
        "label": pa.array([label for _, label in cells], pa.int64()),
    }
    ends = {"a": pa.array([a for a, _ in links], pa.int64()), "b": pa.array([b for _, b in links], pa.int64())}
    store.write(table_network(columns, ends, (Sample("a"), Sample("b"), Sample("c"))), replace=True)
    bare = store.topology()
    assert list(zip(bare.samples.tolist(), bare.labels.tolist(), strict=True)) == cells
    assert sorted(zip(bare.a.tolist(), bare.b.tolist(), strict=True)) == sorted(links)
