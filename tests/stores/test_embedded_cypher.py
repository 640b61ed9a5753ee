"""What the embedded database is asked in Cypher: answered right, or refused with the way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from six_cells import six_cells
from store_graphs import table_network

import cellgraph
from cellgraph.errors import StoreError
from cellgraph.stores import Store, open_store
from cellgraph.stores.contract import OWN_CYPHER
from cellgraph.stores.embedded import checksum

LOOP = "MATCH (a:Cell)-[x:TOUCHES]->(b:Cell)-[y:TOUCHES]->(c:Cell)"


@pytest.fixture
def six(tmp_path: Path) -> Store:
    """Six cells."""
    store = open_store(tmp_path / "cells.db", create=True)
    store.write(six_cells().network())
    return store


@pytest.fixture
def multigraph(tmp_path: Path) -> Store:
    """1>2, 2>1 twice, 3>1, 3>2."""
    store = open_store(tmp_path / "multi.db", create=True)
    store.write(
        table_network(
            {"sample": ["table"] * 3, "label": [1, 2, 3]},
            {"a": [0, 1, 1, 2, 2], "b": [1, 0, 0, 0, 1], "junctions": [1, 2, 3, 4, 5]},
        )
    )
    return store


@pytest.mark.parametrize(
    "cypher",
    [
        "LOAD FROM '/etc/passwd' (file_type='csv') RETURN *",
        "load /* here */ from '/etc/passwd' RETURN *",
        "LOAD WITH HEADERS (line STRING) FROM '/etc/passwd' RETURN *",
        "UNWIND [1] AS x LOAD\tFROM 'https://example.org/x.csv' RETURN *",
        "MATCH (c:Cell) WHERE EXISTS { LOAD FROM '/etc/passwd' RETURN * } RETURN c",
        "EXPLAIN LOAD FROM '/etc/passwd' RETURN *",
        "CALL read_csv_serial('/etc/passwd') RETURN *",
        "CALL `READ_PARQUET`('/etc/passwd') RETURN *",
        "UNWIND [1] AS x CALL Read_Npy('/etc/passwd') RETURN *",
        "COPY Cell FROM '/etc/passwd'",
        "ATTACH '/etc/passwd' AS other (dbtype lbug)",
        "IMPORT DATABASE '/etc'",
        "LOAD EXTENSION httpfs",
        "INSTALL httpfs",
    ],
)
def test_nothing_reads_files(six: Store, cypher: str) -> None:
    with pytest.raises(StoreError, match=r"only read|read only the database|only queries are allowed"):
        six.run(cypher)


def test_words_in_texts_and_names_are_no_statements(six: Store) -> None:
    row = six.run("RETURN 'LOAD FROM' AS load, \"CALL read_csv('x')\" AS `call x(` // LOAD FROM").to_pylist()
    assert row == [{"load": "LOAD FROM", "call x(": "CALL read_csv('x')"}]
    assert six.run("CALL show_tables() RETURN name").num_rows == 5


def test_columns_are_named_as_written(six: Store) -> None:
    rows = six.run("MATCH (c:Cell) RETURN c.Label, count(*), max(c.volume) AS Most ORDER BY c.label LIMIT 1")
    assert rows.column_names == ["c.Label", "count(*)", "Most"]
    assert six.run("MATCH (c:Cell) RETURN DISTINCT [c.label, 1]").column_names == ["[c.label, 1]"]


def test_a_closed_pattern_over_parallel_relationships(multigraph: Store, six: Store) -> None:
    different = "WHERE a <> b AND b <> c AND a <> c RETURN count(*) AS n"
    with pytest.raises(StoreError, match=r"WITH a, b, c, x, y MATCH \(a\)-\[z\]->\(c\)"):
        multigraph.run(f"{LOOP}, (a)-[z:TOUCHES]->(c) {different}")
    rows = multigraph.run(f"{LOOP} WITH a, b, c, x, y MATCH (a)-[z:TOUCHES]->(c) {different}")
    assert rows.to_pylist() == [{"n": 3}]
    assert six.run(f"{LOOP}, (a)-[z:TOUCHES]->(c) {different}").to_pylist() == [{"n": 1}]


def test_cells_of_tables_have_a_degree_and_junctions(multigraph: Store) -> None:
    rows = multigraph.run("MATCH (c:Cell) RETURN c.label AS l, c.degree AS d, c.junctions AS j ORDER BY l")
    assert [tuple(row.values()) for row in rows.to_pylist()] == [(1, 2, 10), (2, 2, 11), (3, 2, 9)]


def test_a_file_of_another_release_says_what_to_do(six: Store, tmp_path: Path) -> None:
    path = tmp_path / "cells.db"
    checksum.unseal(path)  # other releases did not write one
    content = bytearray(path.read_bytes())
    assert content[:4] == b"LBUG"
    content[4] += 2
    path.write_bytes(content)
    with pytest.raises(
        StoreError, match=r"newer release of Ladybug .* Load the volumes or tables again into a new file"
    ):
        six.run("RETURN 1 AS x")
    with pytest.raises(StoreError, match="newer release"):
        open_store(path, create=True)
    assert path.read_bytes() == content


@pytest.mark.parametrize("limit", [10, 1000])
def test_rows_are_sorted_by_a_text_and_then_by_numbers(tmp_path: Path, limit: int) -> None:
    n = 6000
    with open_store(tmp_path / "many.db", create=True) as store:
        kinds = [f"kind {number * 7919 % 5}" for number in range(n)]
        store.write(table_network({"sample": ["table"] * n, "label": range(n), "kind": kinds}))
        rows = store.run(
            f"MATCH (c:Cell) RETURN c.kind AS k, c.label AS l ORDER BY k DESC, l LIMIT {limit}"
        ).to_pylist()
    expected = sorted(((kind, label) for label, kind in enumerate(kinds)), key=lambda row: row[1])
    expected.sort(key=lambda row: row[0], reverse=True)
    assert [tuple(row.values()) for row in rows] == expected[:limit]


def test_many_rows_are_sorted_by_a_text_and_then_by_numbers(tmp_path: Path) -> None:
    """With more rows than the engine sorts at once; by columns, by what is not returned, and in parts."""
    n = 30_000
    kinds = [f"kind {number * 7919 % 5}" if number % 7 else None for number in range(n)]
    sizes = [float(number * 104_729 % 1009) if number % 11 else None for number in range(n)]
    with open_store(tmp_path / "many.db", create=True) as store:
        store.write(table_network({"sample": ["table"] * n, "label": range(n), "kind": kinds, "size": sizes}))
        # Upwards null comes last, downwards first.
        rows = sorted(zip(kinds, sizes, range(n), strict=True), key=lambda row: row[2])
        rows.sort(key=lambda row: (row[1] is None, row[1] or 0.0), reverse=True)
        rows.sort(key=lambda row: (row[0] is None, row[0] or ""))
        told = "MATCH (c:Cell) RETURN c.kind AS k, c.size AS s, c.label AS l ORDER BY k, s DESC, l"
        assert [tuple(row.values()) for row in store.run(told).to_pylist()] == rows
        part = store.run(f"{told} SKIP $from LIMIT 100", {"from": 9_000}).to_pylist()
        assert [tuple(row.values()) for row in part] == rows[9_000:9_100]
        labels = store.run("MATCH (c:Cell) RETURN c.label // one\n ORDER BY c.kind, c.size DESC, c.label LIMIT 50")
        assert labels.column(0).to_pylist() == [label for _, _, label in rows[:50]]
        groups = store.run(
            "MATCH (c:Cell) RETURN c.kind AS kind, count(*) AS n ORDER BY upper(kind) DESC, n"
        ).to_pylist()
        assert [group["kind"] for group in groups] == [None, "kind 4", "kind 3", "kind 2", "kind 1", "kind 0"]


def test_several_keys_inside_a_statement_are_refused_where_there_may_be_many_rows(tmp_path: Path) -> None:
    n = 600
    links = {"a": list(range(n - 1)), "b": list(range(1, n)), "junctions": [1] * (n - 1)}
    inside = "MATCH (c:Cell) WITH c ORDER BY c.kind, c.label LIMIT 3 RETURN c.label AS l"
    with open_store(tmp_path / "many.db", create=True) as store:
        store.write(table_network({"sample": ["table"] * n, "label": range(n), "kind": ["T"] * n}, links))
        with pytest.raises(StoreError, match="move this ORDER BY there"):
            store.run(inside)
        assert len(store.run(inside.replace("c.kind, ", ""))) == 3
    with cellgraph.open(tmp_path / "many.db") as db:  # $limit is a parameter, not the word LIMIT
        assert db.query("hubs", limit=2, method="cypher")["degree"].to_pylist() == [2, 2]


@pytest.mark.parametrize(
    ("cypher", "lost"),
    [
        ("RETURN c.label AS l, count(DISTINCT d.id) AS n, sum(r.junctions) AS j", True),
        ("RETURN c.label AS l, count(DISTINCT d.id) + count(r) AS n", True),
        ("WITH c, collect(DISTINCT d.id) AS n, count(*) AS m RETURN c.label AS l, n, m", True),
        ("RETURN c.label AS l, sum(r.junctions) AS j, count(DISTINCT d.id) AS n", False),
        ("RETURN c.label AS l, count(DISTINCT d.id) AS n, count(DISTINCT r.junctions) AS m", False),
        ("RETURN count(DISTINCT d.id) AS n, sum(r.junctions) AS j", False),
        ("WITH c, count(DISTINCT d.id) AS n RETURN n, count(c) AS m", False),
        ("RETURN c.label AS l, 'count(DISTINCT d), sum(d)' AS t, max(r.area) AS m", False),
    ],
)
def test_aggregates_that_would_be_lost_are_refused(tmp_path: Path, cypher: str, lost: bool) -> None:
    with open_store(tmp_path / "six.db", create=True) as store:
        store.write(six_cells().network())
        statement = f"MATCH (c:Cell)-[r:TOUCHES]-(d:Cell) {cypher}"
        if lost:
            with pytest.raises(StoreError, match="put those with DISTINCT last"):
                store.run(statement)
        else:
            rows = store.run(statement).to_pylist()
            assert None not in [value for row in rows for value in row.values()]
            assert [row["j"] for row in rows if row.get("l") == 3 and "j" in row] in ([], [5])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("MATCH (c:Cell) WITH c ORDER BY c.label LIMIT 2 SET c.label = 1 RETURN c", "write"),
        ("MATCH (c:Cell) RETURN COUNT { MATCH (c)-[:TOUCHES]-(d) } + c.nothing", "nothing"),
        ("MATCH (c:Cell) RETURN CASE WHEN c.label > 1 THEN 1 ELSE 0.5 END / nowhere", "nowhere"),
    ],
)
def test_an_error_is_about_what_was_written(statement: str, said: str, six: Store) -> None:
    with pytest.raises(StoreError, match=said) as refused:
        six.run(statement, name=OWN_CYPHER)
    assert not any(word in str(refused.value) for word in ("UNWIND", "coalesce", "list_extract"))


@pytest.fixture(scope="module")
def tissue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of 200 cells, of some hundred voxels each."""
    folder = tmp_path_factory.mktemp("fractions")
    cellgraph.phantom(folder / "cells.npy", cells=200, shape=(40, 50, 50), seed=3)
    cellgraph.load(folder / "cells.npy", folder / "cells.db")
    return folder / "cells.db"


FRACTIONS = [450.5, 450.0, -450.5, 1e3, 0.5]


@pytest.mark.parametrize("number", FRACTIONS)
@pytest.mark.parametrize("operator", ["<", "<=", "=", "<>", ">=", ">"])
def test_whole_numbers_beside_fractions(operator: str, number: float, tissue: Path) -> None:
    compare = {
        "<": np.less,
        "<=": np.less_equal,
        "=": np.equal,
        "<>": np.not_equal,
        ">=": np.greater_equal,
        ">": np.greater,
    }
    with cellgraph.open(tissue) as db:
        cells = db.query("cells").select(["cell", "voxels"]).to_pydict()
        holds = compare[operator](np.array(cells["voxels"]), number)
        expected = [cell for cell, held in zip(cells["cell"], holds, strict=True) if held]
        own = "MATCH (c:Cell) WHERE {} RETURN c.label AS l ORDER BY l"
        turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
        for condition in (
            f"c.voxels {operator} {number}",
            f"{number} {turned} c.voxels",
            f"c.voxels {operator} {number / 2} * 2",
            f"c.voxels {operator} cast('{number}' AS DOUBLE)",
            f"c.voxels {operator} $x",
        ):
            values = {"x": number} if "$" in condition else {}
            assert db.cypher(own.format(condition), **values)["l"].to_pylist() == expected, condition
        assert db.query("cells", where=f"voxels {operator} {number}")["cell"].to_pylist() == expected


def test_a_fraction_in_a_pattern_is_not_rounded(tissue: Path) -> None:
    with cellgraph.open(tissue) as db:
        one = db.query("cells")["voxels"][0].as_py()
        for text, values in (
            (f"(c:Cell {{voxels: {one}.25}})", {}),
            ("(c:Cell {label: 1, voxels: $v})", {"v": one + 0.25}),
        ):
            with pytest.raises(StoreError, match="holds whole numbers"):
                db.cypher(f"MATCH {text} RETURN c.label", **values)
        assert db.cypher(f"MATCH (c:Cell {{voxels: {one}.0}}) RETURN count(*) AS n")["n"][0].as_py() > 0
        assert db.cypher("MATCH (c:Cell {volume: 0.5}) RETURN c.label AS l").num_rows == 0
