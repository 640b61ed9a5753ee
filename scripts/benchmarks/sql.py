"""How many cells are within k contacts: SQLite, DuckDB, Cypher and compiled code, on the same contacts.

CELLGRAPH_BENCH_CELLS (100,000 by default) is the size of the tissue, CELLGRAPH_BENCH_LIMIT (60) the seconds after which
a question is given up; larger k are not asked then. All that answer have to agree.
"""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import duckdb
import numpy as np
import pyarrow as pa
from databases import neo4j
from measure import Table, folder

import cellgraph
from cellgraph.adjacency.matrix import Adjacency
from cellgraph.adjacency.rings import counts_by_distance
from cellgraph.analyze.show import show
from cellgraph.errors import StoreError
from cellgraph.loading.arrays import sweep
from cellgraph.model import CellGraph
from cellgraph.phantoms.phantom import phantom
from cellgraph.stores import open_store

CELLS = int(os.environ.get("CELLGRAPH_BENCH_CELLS", 100_000))
LIMIT = float(os.environ.get("CELLGRAPH_BENCH_LIMIT", 60))
SOME = min(10_000, CELLS // 2)
QUICK, ROUNDS = 5.0, 3  # what takes less than so many seconds is measured so often
HOPS = range(1, 6)
MEMORY = "4GB"

Scope = tuple[int, int]
"""First and last label of the cells asked about."""
Ask = Callable[[Scope, int], int]
"""Answers for a scope and k: the sum over its cells of how many are within k contacts."""


class GaveUp(Exception):
    """A question took longer than the limit, or needed more memory."""


def self_joins(scope: Scope, k: int) -> str:
    """Return SQL with a join for each step."""
    steps = []
    for length in range(1, k + 1):
        joins = "".join(f" JOIN touches t{n} ON t{n}.a = t{n - 1}.b" for n in range(2, length + 1))
        steps.append(f"SELECT t1.a, t{length}.b FROM touches t1{joins} WHERE t1.a BETWEEN {scope[0]} AND {scope[1]}")
    return f"SELECT count(*) FROM ({' UNION '.join(steps)}) AS reached WHERE a <> b"


def recursive(scope: Scope, k: int) -> str:
    """Return the recursive query of docs/sql.md."""
    return f"""
        WITH RECURSIVE reached(start, cell, hop) AS (
            SELECT id, id, 0 FROM cells WHERE id BETWEEN {scope[0]} AND {scope[1]}
            UNION
            SELECT reached.start, touches.b, reached.hop + 1
            FROM reached JOIN touches ON touches.a = reached.cell WHERE reached.hop < {k}),
        nearest AS (SELECT start, cell, min(hop) AS hop FROM reached GROUP BY start, cell)
        SELECT count(*) FROM nearest WHERE hop > 0"""


def using_key(scope: Scope, k: int) -> str:
    """Return that of DuckDB alone, which sees each cell once."""
    return f"""
        WITH RECURSIVE reached(start, cell, hop) USING KEY (start, cell) AS (
            SELECT id, id, 0 FROM cells WHERE id BETWEEN {scope[0]} AND {scope[1]}
            UNION
            SELECT step.start, touches.b, min(step.hop) + 1
            FROM reached AS step JOIN touches ON touches.a = step.cell
            LEFT JOIN recurring.reached AS seen ON seen.start = step.start AND seen.cell = touches.b
            WHERE step.hop < {k} AND seen.cell IS NULL GROUP BY step.start, touches.b)
        SELECT count(*) FROM reached WHERE hop > 0"""


def tissue(place: Path) -> CellGraph:
    """Return the graph of a phantom with about 400 voxels a cell."""
    side = round((CELLS * 400) ** (1 / 3))
    phantom(place / "tissue.npy", CELLS, (side, side, side), seed=1)
    return sweep(np.load(place / "tissue.npy"), name="tissue")


def in_sqlite(path: Path, graph: CellGraph) -> Callable[[str], int]:
    """Write the tables, both directions of each contact under one key, and return what asks them."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE cells (id INTEGER PRIMARY KEY)")
    db.execute("CREATE TABLE touches (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID")
    db.executemany("INSERT INTO cells VALUES (?)", zip(graph.cells["label"].to_pylist()))
    pairs = list(zip(graph.contacts["cell_a"].to_pylist(), graph.contacts["cell_b"].to_pylist(), strict=True))
    db.executemany("INSERT INTO touches VALUES (?, ?)", [*pairs, *((b, a) for a, b in pairs)])
    db.execute("ANALYZE")
    db.commit()

    def ask(statement: str) -> int:
        stop = time.monotonic() + LIMIT
        db.set_progress_handler(lambda: time.monotonic() > stop, 100_000)
        try:
            return int(db.execute(statement).fetchone()[0])
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise GaveUp(f"> {LIMIT:.0f} s") from error

    return ask


def in_duckdb(path: Path, graph: CellGraph) -> Callable[[str], int]:
    """Write the tables, contacts in both directions sorted by the first cell, and return what asks them."""
    db = duckdb.connect(str(path), config={"memory_limit": MEMORY, "temp_directory": str(path.parent / "spill")})
    a, b = (graph.contacts[name].to_numpy() for name in ("cell_a", "cell_b"))
    both = pa.table({"a": np.r_[a, b], "b": np.r_[b, a]}).sort_by([("a", "ascending"), ("b", "ascending")])
    db.register("given_cells", graph.cells.select(["label"]))
    db.register("given_pairs", both)
    db.execute("CREATE TABLE cells AS SELECT label AS id FROM given_cells")
    db.execute("CREATE TABLE touches AS SELECT a, b FROM given_pairs")

    def ask(statement: str) -> int:
        timer = threading.Timer(LIMIT, db.interrupt)
        timer.start()
        try:
            return int(db.execute(statement).fetchone()[0])
        except duckdb.InterruptException as error:
            raise GaveUp(f"> {LIMIT:.0f} s") from error
        except duckdb.OutOfMemoryException as error:
            raise GaveUp(f"> {MEMORY}") from error
        finally:
            timer.cancel()
            timer.join()

    return ask


def khop_cypher(target: str, k: int) -> str:
    """Return the Cypher of the query khop for cells with labels from $first to $last."""
    lines = show("khop", target, k=k).replace(
        "WHERE c.sample", "WHERE c.label >= $first AND c.label <= $last AND c.sample"
    )
    return "\n".join(line for line in lines.splitlines() if not line.startswith(("//", ":param")))


def in_cypher(db: cellgraph.Database, target: str) -> Ask:
    """Return what asks a database in the Cypher of the query khop."""

    def ask(scope: Scope, k: int) -> int:
        try:
            if scope[0] == scope[1]:
                rows = db.query("khop", k=k, cell=scope[0], method="cypher", timeout=LIMIT)
            elif scope == (1, CELLS):
                rows = db.query("khop", k=k, method="cypher", timeout=LIMIT)
            else:
                rows = db.cypher(khop_cypher(target, k), timeout=LIMIT, first=scope[0], last=scope[1])
        except StoreError as error:
            if "was stopped" not in str(error):
                raise
            raise GaveUp(f"> {LIMIT:.0f} s") from error
        return int(rows["cells"].to_numpy().sum())

    return ask


def compiled(target: str) -> Ask:
    """Return what reads the bare graph and counts, each time anew."""

    def ask(scope: Scope, k: int) -> int:
        with open_store(target, read_only=True) as store:
            graph = Adjacency.build(store.topology())
        return int(counts_by_distance(graph, np.arange(scope[0] - 1, scope[1]), k).sum())

    return ask


def tokens(text: str) -> int:
    """Count words, numbers and signs."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def run() -> None:
    """Print the tables."""
    with folder() as place, neo4j(place) as (uri, _, _):
        graph = tissue(place)
        embedded = str(place / "cells.db")
        for target in (embedded, uri):
            with open_store(target, create=True) as store:
                store.write(graph.network(), replace=True)
        sqlite, duck = in_sqlite(place / "sqlite.db", graph), in_duckdb(place / "duckdb.db", graph)
        with cellgraph.open(embedded) as one, cellgraph.open(uri) as other:
            contenders: dict[str, Ask] = {
                "SQLite, self-joins": lambda scope, k: sqlite(self_joins(scope, k)),
                "SQLite, recursive": lambda scope, k: sqlite(recursive(scope, k)),
                "DuckDB, self-joins": lambda scope, k: duck(self_joins(scope, k)),
                "DuckDB, recursive": lambda scope, k: duck(recursive(scope, k)),
                "DuckDB, `USING KEY`": lambda scope, k: duck(using_key(scope, k)),
                "embedded, Cypher": in_cypher(one, embedded),
                "Neo4j, Cypher": in_cypher(other, uri),
                "compiled, from the embedded file": compiled(embedded),
            }
            ask_all(contenders, graph)
        text = {
            "self-joins": lambda k: self_joins((1, CELLS), k),
            "recursive": lambda k: recursive((1, CELLS), k),
            "`USING KEY`": lambda k: using_key((1, CELLS), k),
            "Cypher, embedded": lambda k: khop_cypher(embedded, k),
            "Cypher, Neo4j": lambda k: khop_cypher(uri, k),
            "command": lambda k: f"cellgraph query khop --k {k}",
        }
    table = Table("Words, numbers and signs of the question", "", *(f"k = {k}" for k in HOPS))
    for name, of in text.items():
        table.row(name, *(tokens(of(k)) for k in HOPS))


def ask_all(contenders: dict[str, Ask], graph: CellGraph) -> None:
    """Print a table for one cell, for some and for all."""
    middle = CELLS // 2
    for ask in contenders.values():  # loads and compiles what the first question would
        for _ in range(2):
            with suppress(GaveUp):
                ask((middle, middle), 1)
    size = f"{graph.cells.num_rows:,} cells and {graph.contacts.num_rows:,} contacts"
    for scope in ((middle, middle), (1, SOME), (1, CELLS)):
        count = scope[1] - scope[0] + 1
        what = "one cell" if count == 1 else f"{count:,} cells" if count < CELLS else "all cells"
        table = Table(f"Within k contacts of {what} of {size}, seconds", "", *(f"k = {k}" for k in HOPS))
        known: dict[int, int] = {}
        for name, ask in contenders.items():
            table.row(name, *measured(ask, scope, known, name))


def measured(ask: Ask, scope: Scope, known: dict[int, int], name: str) -> list[str]:
    """Return the seconds for each k, and why there are none from some k on; answers have to be those `known`."""
    cells: list[str] = []
    for k in HOPS:
        seconds: list[float] = []
        while not seconds or (len(seconds) < ROUNDS and seconds[0] < QUICK):
            begin = time.perf_counter()
            try:
                answer = ask(scope, k)
            except GaveUp as why:
                return [*cells, str(why), *("" for _ in range(k, HOPS[-1]))]
            seconds.append(time.perf_counter() - begin)
            if known.setdefault(k, answer) != answer:
                raise SystemExit(f"scripts/bench: {name} counts {answer:,} for k = {k}, others {known[k]:,}")
        cells.append(f"{median(seconds):.2g}" if median(seconds) < 10 else f"{median(seconds):.0f}")
    return cells
