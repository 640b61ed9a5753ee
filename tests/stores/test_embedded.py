"""The embedded database as a file: killed, full, locked, damaged, or not a database at all."""

from __future__ import annotations

import os
import resource
import signal
import stat
import time
from contextlib import ExitStack
from pathlib import Path

import ladybug
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from six_cells import joined, pair, six_cells
from store_graphs import (
    CELLS,
    CONTACTS,
    PAIR_CONTACTS,
    PAIR_LABELS,
    SIX_CONTACTS,
    SIX_LABELS,
    child,
    contacts,
    everything,
    grid,
    labels,
    table_network,
)

from cellgraph.errors import NotFoundError, ParameterError, StoreError
from cellgraph.model import Sample
from cellgraph.queries import Catalogue
from cellgraph.stores import open_store
from cellgraph.stores.embedded import LadybugStore
from cellgraph.stores.tables import CELL_TYPES, CONTACT_TYPES

PREAMBLE = """
import os, signal, sys
from six_cells import pair, six_cells
from store_graphs import grid
from cellgraph.stores import open_store
from cellgraph.stores.embedded import store as embedded
path = sys.argv[1]
"""

SECOND = (
    PREAMBLE
    + """
os.dup2(1, 2)
with open_store(path, create=True) as store:
    store.write(grid(3, *sys.argv[2:]))
"""
)

LOAD = (
    PREAMBLE
    + """
embedded.SMALL = int(sys.argv[3])
def report(what, done, total):
    print(what, done == total)
    if sys.argv[2] == f"{what} {done == total}":
        os.kill(os.getpid(), signal.SIGKILL)
print("ready")
sys.stdin.readline()
try:
    with open_store(path, create=True) as store:
        store.write(grid(30, "six"), replace=True, report=report)
except KeyboardInterrupt:
    print("interrupted")
else:
    print("done")
"""
)

HOLD = """
import sys, ladybug
database = ladybug.Database(sys.argv[1])
print("held")
sys.stdin.readline()
"""


# Threads that all are the first to open a database, with Ladybug's library on a slow disk.
FIRST = (
    PREAMBLE
    + """
import threading, time
class SlowDisk:
    def find_spec(self, name, path=None, target=None):
        if name == "ladybug._lbug":
            time.sleep(0.5)
sys.meta_path.insert(0, SlowDisk())
together = threading.Barrier(4)
seen = []
def read():
    together.wait()
    with open_store(path) as store:
        seen.append(store.sample_names())
threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(seen == 4 * [["pair", "six"]])
"""
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that holds the six cells and the pair."""
    path = tmp_path / "cells.db"
    with open_store(path, create=True) as store:
        store.write(joined(six_cells(), pair()))
    return path


def unchanged(path: Path) -> bool:
    """Whether a database holds the six cells and the pair, and nothing lies beside it."""
    with open_store(path) as store:
        return (
            labels(store) == PAIR_LABELS + SIX_LABELS
            and contacts(store) == PAIR_CONTACTS + SIX_CONTACTS
            and everything(store) == {"Sample": 2, "Cell": 8, "HAS_CELL": 8, "TOUCHES": 6}
        )


def beside(path: Path) -> list[str]:
    """Return the names of the files in the folder of a database."""
    return sorted(entry.name for entry in path.parent.iterdir())


@pytest.mark.parametrize("small", [10**6, -1], ids=["copied", "rewritten"])
@pytest.mark.parametrize("moment", ["cells False", "cells True", "contacts False", "contacts True"])
def test_a_killed_load_changes_nothing_and_the_next_one_repairs(path: Path, moment: str, small: int) -> None:
    with child(LOAD, path, moment, small) as process:
        process.communicate("go\n")
    assert process.returncode == -signal.SIGKILL
    assert unchanged(path)
    with open_store(path) as store:
        store.write(grid(5, "grid"))
        assert store.sample_names() == ["grid", "pair", "six"]
        assert everything(store) == {"Sample": 3, "Cell": 133, "HAS_CELL": 133, "TOUCHES": 306}
    assert beside(path) == ["cells.db"]


@pytest.mark.parametrize("tenth", range(10))
def test_a_load_killed_at_any_time_is_there_whole_or_not_at_all(path: Path, tenth: int) -> None:
    with child(LOAD, path, "", -1) as process:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        start = time.monotonic()
        assert process.stdout.readline() == "cells False\n"
        time.sleep(tenth * (time.monotonic() - start) / 2)  # spread over the load; any moment is a good one
        process.kill()
        process.wait()
    if not unchanged(path):
        with open_store(path) as store:
            assert everything(store) == {"Sample": 2, "Cell": 27_002, "HAS_CELL": 27_002, "TOUCHES": 78_301}
            assert len(labels(store)) == 27_002


@pytest.mark.parametrize("moment", ["cells", "contacts"])
def test_an_interrupted_load_changes_nothing(path: Path, moment: str) -> None:
    with child(LOAD, path, "", -1) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        while process.stdout.readline() != f"{moment} False\n":
            pass
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    if said.splitlines()[-1] == "interrupted":
        assert unchanged(path)
        assert beside(path) == ["cells.db"]
    else:  # it had finished by then
        assert said.splitlines()[-1] == "done"
        assert not unchanged(path)


def test_a_first_load_that_is_killed_leaves_no_database(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with child(LOAD, path, "contacts False", -1) as process:
        process.communicate("go\n")
    with pytest.raises(NotFoundError, match="there is no database"):
        open_store(path)
    with open_store(path, create=True) as store:
        assert store.sample_names() == []
        store.write(six_cells().network())
        assert labels(store) == SIX_LABELS
    assert beside(path) == ["new.db"]


@pytest.mark.parametrize("room", [0, 5_000, 200_000, 1_000_000, 2_500_000])
@pytest.mark.parametrize("small", [10**6, -1], ids=["copied", "rewritten"])
def test_a_full_disk_changes_nothing(path: Path, room: int, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellgraph.stores.embedded.store.SMALL", small)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_store(path) as store:
        # A limit for the size of files ends a write as a full disk does, in the middle of it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(StoreError, match=r"there is no space left for the database .*unchanged"):
                store.write(grid(20, "six"), replace=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert unchanged(path)
        assert beside(path) == ["cells.db"]
        store.write(grid(20, "six"), replace=True)
        assert store.sample_names() == ["pair", "six"]


def test_a_writer_in_another_program_is_named(path: Path) -> None:
    with child(HOLD, path) as process:
        assert process.stdout.readline() == "held\n"
        message = f"cells.db is locked: the process {process.pid} is using it"
        store = LadybugStore(path, patience=0.1)
        with pytest.raises(StoreError, match=message):
            store.write(grid(3))
        with pytest.raises(StoreError, match=message):
            store.run("RETURN 1 AS x")
        process.communicate("end\n")
    assert unchanged(path)


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (MATCH (c:Cell) RETURN c.label) TO '{file}'",
        "/* x */ copy (MATCH (c:Cell) WHERE list_contains($labels, c.label) RETURN c.label) TO '{file}'",
        "EXPORT DATABASE '{folder}'",
        "EXPLAIN EXPORT DATABASE '{folder}'",
        "CHECKPOINT",
        "INSTALL json",
        "CALL threads = 1",
        "BEGIN TRANSACTION READ ONLY",
        "RETURN 1 AS one; CHECKPOINT",
    ],
)
def test_statements_that_are_no_queries_are_not_run(path: Path, statement: str) -> None:
    file = path.with_name("thesis.csv")
    file.write_text("mine")
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir()}
    cypher = statement.format(file=file, folder=path.with_name("exported"))
    with pytest.raises(StoreError, match=r"only queries are allowed|a query is one statement"):
        LadybugStore(path, read_only=True).run(cypher, {"labels": [1]} if "$" in cypher else None)
    assert {entry.name: entry.read_bytes() for entry in path.parent.iterdir()} == before


def test_threads_that_are_the_first_to_open_a_database(path: Path) -> None:
    with child(FIRST, path) as process:
        out, _ = process.communicate()
    assert out == "True\n"


def test_readers_go_on_while_another_program_loads(path: Path) -> None:
    with child(LOAD, path, "", -1) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        while process.stdout.readline() != "contacts False\n":
            pass
        os.kill(process.pid, signal.SIGSTOP)
        assert unchanged(path)
        with child(SECOND, path) as second:
            said = second.stdout.readline()
            assert f"waiting for process {process.pid} (writing since " in said
            os.kill(process.pid, signal.SIGCONT)
            assert process.communicate()[0].splitlines()[-1] == "done"
            assert second.communicate()[0] == ""
        assert second.returncode == 0
    assert beside(path) == ["cells.db"]
    with open_store(path) as store:
        assert everything(store)["Cell"] == 27_029


def test_a_writer_that_is_killed_is_waited_for_no_longer(path: Path) -> None:
    with child(LOAD, path, "", -1) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        while process.stdout.readline() != "contacts False\n":
            pass
        os.kill(process.pid, signal.SIGSTOP)
        with child(SECOND, path) as second:
            assert f"waiting for process {process.pid}" in second.stdout.readline()
            process.kill()
            assert second.communicate()[0] == ""
        assert second.returncode == 0
    assert beside(path) == ["cells.db"]
    with open_store(path) as store:
        assert store.sample_names() == ["grid", "pair", "six"]


def test_twelve_loads_at_once_into_one_new_file(tmp_path: Path) -> None:
    with ExitStack() as running:
        processes = [running.enter_context(child(SECOND, tmp_path / "cells.db", f"s{n}")) for n in range(12)]
        assert [process.wait() for process in processes] == [0] * 12
    with open_store(tmp_path / "cells.db") as store:
        assert len(store.sample_names()) == 12
        assert everything(store) == {"Sample": 12, "Cell": 324, "HAS_CELL": 324, "TOUCHES": 648}


def test_what_another_program_left_in_its_log_is_kept(path: Path) -> None:
    code = """
import os, signal, sys, ladybug
connection = ladybug.Connection(ladybug.Database(sys.argv[1]))
connection.execute("MATCH (c:Cell {sample: 'pair'}) SET c.volume = 7.0")
os.kill(os.getpid(), signal.SIGKILL)
"""
    with child(code, path) as process:
        process.wait()
    assert beside(path) == ["cells.db", "cells.db.wal"]
    volumes = f"{CELLS} WHERE s.name = 'pair' RETURN c.volume AS volume"
    with open_store(path) as store:
        assert store.run(volumes)["volume"].to_pylist() == [7.0, 7.0]
        store.write(grid(3))
        assert store.run(volumes)["volume"].to_pylist() == [7.0, 7.0]
    assert beside(path) == ["cells.db"]


def test_what_another_program_left_half_written_is_repaired_by_the_next_load(path: Path) -> None:
    with (
        ladybug.Database(str(path), read_only=True) as database,
        ladybug.Connection(database) as connection,
        pytest.raises(RuntimeError, match="Cannot write to file"),
    ):
        connection.execute("CHECKPOINT")
    assert beside(path) == ["cells.db", "cells.db.shadow", "cells.db.wal"]
    with pytest.raises(StoreError, match="half written; the next cellgraph load repairs it"):
        open_store(path, read_only=True)
    with open_store(path, create=True) as store:
        assert store.sample_names() == ["pair", "six"]
        store.write(grid(3))
    assert beside(path) == ["cells.db"]


def test_a_path_without_a_database(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(NotFoundError, match=r"no database .*none\.db; create one with: cellgraph load"):
        open_store(path)
    assert not path.exists()
    with pytest.raises(
        NotFoundError, match=r"the folder '.*far' for the database .*none\.db does not exist; create it"
    ):
        open_store(tmp_path / "far" / "none.db", create=True)


def test_a_database_that_is_to_be_made_is_made_by_the_first_write(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with open_store(path, create=True) as store:
        assert store.sample_names() == []
        assert not path.exists()
        with pytest.raises(NotFoundError, match="no database"):
            store.run("RETURN 1 AS x")
        store.write(six_cells().network())
    assert beside(path) == ["new.db"]


@pytest.mark.parametrize("content", [b"not a database" * 1000, b"x", b"SQLite format 3\0" + bytes(4096)])
@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes, create: bool) -> None:
    path = tmp_path / "cells.tif"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"cells\.tif is not a database of cellgraph"):
        open_store(path, create=create)
    assert path.read_bytes() == content
    assert beside(path) == ["cells.tif"]


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_is_no_database(tmp_path: Path, create: bool) -> None:
    with pytest.raises(StoreError, match="is not a database of cellgraph"):
        open_store(tmp_path, create=create)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none' for the database .* does not exist; create it first"):
        open_store(tmp_path / "none" / "cells.db", create=True)


def test_a_damaged_database(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(StoreError), open_store(path) as store:
        store.run(f"{CONTACTS} RETURN sum(t.area) AS area")


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    code = """
import sys, ladybug
with ladybug.Database(sys.argv[1]) as database, ladybug.Connection(database) as connection:
    connection.execute("CREATE NODE TABLE Person(name STRING, PRIMARY KEY(name))")
"""
    with child(code, path) as process:
        process.wait()
    with open_store(path) as store:
        assert store.sample_names() == []
        with pytest.raises(NotFoundError, match="has no samples yet"):
            store.run(f"{CELLS} RETURN c.label AS label")
        with pytest.raises(NotFoundError, match="no samples yet"):
            store.topology()
        store.write(six_cells().network())
        assert labels(store) == SIX_LABELS
        assert store.run("MATCH (p:Person) RETURN count(*) AS n")["n"].to_pylist() == [0]


def test_an_empty_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="not empty text"):
        open_store(" ")


def test_the_environment_names_the_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLGRAPH_DB", str(path))
    with open_store() as store:
        assert store.sample_names() == ["pair", "six"]
    monkeypatch.delenv("CELLGRAPH_DB")
    monkeypatch.chdir(path.parent)
    path.rename("cellgraph.db")
    with open_store() as store:
        assert store.sample_names() == ["pair", "six"]


def test_a_link_stays_a_link_and_a_mode_stays(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    path.chmod(0o640)
    with open_store(link) as store:
        store.write(grid(3))
        assert store.sample_names() == ["grid", "pair", "six"]
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with open_store(path) as store:
        assert store.sample_names() == ["grid", "pair", "six"]


def test_many_small_samples_are_carried_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellgraph.stores.embedded.store.SMALL", -1)
    monkeypatch.setattr("cellgraph.stores.embedded.rewrite._ROWS_AT_ONCE", 20)
    names = [f"s{number:02}" for number in range(12)]
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(joined(*(six_cells(name) for name in names)))
        store.delete("s05")
        names.remove("s05")
        assert store.sample_names() == names
        assert labels(store) == [(name, label) for name in names for label in range(1, 7)]
        assert contacts(store) == [(n, a, n, b, j) for n in names for _, a, _, b, j in SIX_CONTACTS]


names = st.text(st.characters(exclude_characters="`*", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names.filter(lambda name: not name.startswith("_")), min_size=1, max_size=4, unique_by=str.lower))
def test_any_printable_name_is_a_column(path: Path, names: list[str]) -> None:
    own = {"id", "sample", "a", "b", "from", "to", *CELL_TYPES, *CONTACT_TYPES}
    names = [name for name in names if name.lower() not in own]
    cells = {"label": [1]} | {name: [number] for number, name in enumerate(names)}
    links = {"a": [0], "b": [0], "junctions": [1]} | {name: [-number] for number, name in enumerate(names)}
    path.unlink(missing_ok=True)
    with open_store(path, create=True) as store:
        store.write(table_network(cells, links, (Sample("table"),)))
        for number, name in enumerate(names):
            (row,) = store.run(f"{CONTACTS} RETURN c.`{name}` AS cell, t.`{name}` AS contact").to_pylist()
            assert row == {"cell": number, "contact": -number}


def test_a_file_of_an_earlier_version_has_null_for_what_it_does_not_know(path: Path) -> None:
    """Files that were written before samples had a property `reading` are asked, and written to, as ever."""
    with ladybug.Database(str(path)) as database, ladybug.Connection(database) as connection:
        connection.execute("ALTER TABLE Sample DROP reading")
    asked = Catalogue.load()["samples"].statement("ladybug", {})
    with LadybugStore(path) as store:
        _, row = store.run(asked.text, asked.parameters).to_pylist()
        assert (row["sample"], row["read"], row["unit"]) == ("six", None, "micrometer")
        store.delete("pair")
        store.write(six_cells("second").network())
        read = {row["sample"]: row["read"] for row in store.run(asked.text, asked.parameters).to_pylist()}
        assert read == {"six": None, "second": six_cells().sample.reading}
        store.write(six_cells().network(), replace=True)
        assert store.run(asked.text, asked.parameters)["read"].null_count == 0
