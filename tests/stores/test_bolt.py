"""Neo4j as a server: addresses and credentials, dead and living loads of others, a server that goes away."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import neo4j
import pytest
from six_cells import joined, pair, six_cells
from store_graphs import PAIR_LABELS, SIX_CONTACTS, SIX_LABELS, child, contacts, everything, grid, labels

from cellgraph import server
from cellgraph.errors import ConnectError, ExistsError, ParameterError, StoreError
from cellgraph.stores import open_store
from cellgraph.stores.bolt import Neo4jStore, owner
from cellgraph.stores.bolt.address import Address, parse
from cellgraph.stores.bolt.connection import Connection

NOTHING: dict[str, str] = {}
PORTS = {"bolt_port": 27687, "http_port": 27474}
"""Away from the default ports, which other servers take while this one restarts."""


@pytest.mark.parametrize("scheme", ["bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"])
def test_addresses(scheme: str) -> None:
    assert parse(f"{scheme}://host:7777", NOTHING) == Address(f"{scheme}://host:7777", "neo4j", None)
    assert parse(f"{scheme}://host", NOTHING).uri == f"{scheme}://host"
    assert parse(f"{scheme}://[::1]:7687", NOTHING).uri == f"{scheme}://[::1]:7687"


def test_credentials_of_the_environment() -> None:
    environment = {"NEO4J_USERNAME": "ann", "NEO4J_PASSWORD": "secret", "NEO4J_DATABASE": "cells"}
    assert parse("bolt://host", environment) == Address("bolt://host", "ann", "secret", "cells")


def test_credentials_in_the_address_are_taken_and_not_shown() -> None:
    address = parse("neo4j+s://bob:p%40ss%3Aword@host:7687", {"NEO4J_USERNAME": "ann", "NEO4J_PASSWORD": "x"})
    assert (address.uri, address.user, address.password) == ("neo4j+s://host:7687", "bob", "p@ss:word")
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize("text", ["http://user:hunter2@host", "bolt://user:hunter2@", "bolt://u:hunter2@host:99999"])
def test_what_is_no_address_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse(text, NOTHING)
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and closes them: no Neo4j."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        ended = threading.Event()

        def answer() -> None:
            while not ended.is_set():
                try:
                    listening.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        ended.set()
        with socket.create_connection(listening.getsockname()):
            thread.join()


@pytest.mark.parametrize("scheme", ["bolt", "neo4j", "bolt+ssc"])
def test_no_neo4j_there(scheme: str, silent_port: int) -> None:
    for port in (1, silent_port):
        with pytest.raises(ConnectError, match=re.escape(f"no Neo4j answers at {scheme}://127.0.0.1:{port}; start it")):
            open_store(f"{scheme}://ann:hunter2@127.0.0.1:{port}")


def test_wrong_and_missing_password(neo4j_server: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    uri, user, _ = neo4j_server
    monkeypatch.setenv("NEO4J_USERNAME", user)
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2")
    with pytest.raises(ConnectError, match="set NEO4J_USERNAME and NEO4J_PASSWORD") as caught:
        open_store(uri)
    assert "hunter2" not in str(caught.value)
    monkeypatch.delenv("NEO4J_PASSWORD")
    with pytest.raises(ConnectError, match="set NEO4J_USERNAME and NEO4J_PASSWORD"):
        open_store(uri)


def test_password_in_the_address(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user, password = os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"]
    monkeypatch.delenv("NEO4J_PASSWORD")
    with open_store(empty_neo4j.replace("://", f"://{user}:{password}@")) as store:
        assert store.sample_names() == []
        assert repr(store) == f"<Neo4jStore '{empty_neo4j}'>"
        with pytest.raises(StoreError) as caught:
            store.run("RETRUN 1")
    assert password not in str(caught.value)


def test_unknown_database(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_DATABASE", "nowhere")
    with pytest.raises(StoreError, match="NEO4J_DATABASE"):
        open_store(empty_neo4j)


LOAD = """
import os, signal, sys
from store_graphs import grid
from cellgraph.errors import CellgraphError
from cellgraph.stores import open_store
def report(what, done, total):
    print(what, done == total)
    if sys.argv[2] == "kill" and what == "contacts":
        os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv[2] == "wait" and what == "cells":
        sys.stdin.readline()
try:
    with open_store(sys.argv[1]) as store:
        store.write(grid(int(sys.argv[3]), "grid"), report=report)
except CellgraphError as error:
    print(type(error).__name__, error)
else:
    print("done")
"""


def test_the_next_load_removes_what_a_killed_one_left(empty_neo4j: str) -> None:
    with open_store(empty_neo4j) as store:
        store.write(six_cells().network())
        with child(LOAD, empty_neo4j, "kill", 5) as process:
            process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert store.sample_names() == ["six"]
        assert (labels(store), contacts(store)) == (SIX_LABELS, SIX_CONTACTS)
        assert everything(store)["Cell"] > 6
        store.write(pair().network())
        assert labels(store) == PAIR_LABELS + SIX_LABELS
        assert everything(store) == {"Sample": 2, "Cell": 8, "HAS_CELL": 8, "TOUCHES": 6}


def test_the_sample_of_a_killed_load_can_be_loaded_again(empty_neo4j: str) -> None:
    with child(LOAD, empty_neo4j, "kill", 5) as process:
        process.communicate()
    with open_store(empty_neo4j) as store:
        store.write(grid(5))
        assert everything(store) == {"Sample": 1, "Cell": 125, "HAS_CELL": 125, "TOUCHES": 300}


def test_a_living_load_is_left_alone(empty_neo4j: str) -> None:
    with child(LOAD, empty_neo4j, "wait", 5) as process, open_store(empty_neo4j) as store:
        assert process.stdout.readline().startswith("cells")
        with pytest.raises(ExistsError, match=rf"'grid' is being loaded into .* right now by process {process.pid} on"):
            store.write(grid(2, "grid"), replace=True)
        store.write(six_cells().network())
        store.write(pair("six").network(), replace=True)
        assert store.sample_names() == ["six"]
        assert process.communicate("go on\n")[0].splitlines()[-1] == "done"
        assert store.sample_names() == ["grid", "six"]
        assert everything(store) == {"Sample": 2, "Cell": 127, "HAS_CELL": 127, "TOUCHES": 301}


def test_a_load_that_was_taken_for_dead_fails_and_leaves_nothing(
    empty_neo4j: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with child(LOAD, empty_neo4j, "wait", 5) as process, open_store(empty_neo4j) as store:
        assert process.stdout.readline().startswith("cells")
        monkeypatch.setattr(owner, "SILENCE", 0.0)
        store.write(six_cells().network())
        said = process.communicate("go on\n")[0].splitlines()[-1]
        assert said.startswith("StoreError the load into")
        assert "presumed dead" in said
        store.write(pair().network())
        assert store.sample_names() == ["pair", "six"]
        assert everything(store) == {"Sample": 2, "Cell": 8, "HAS_CELL": 8, "TOUCHES": 6}


def test_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = owner.begin()
    assert owner.is_alive(mine, 1000.0)
    owner.end(mine)
    assert not owner.is_alive(mine, 0.0)
    place, _, token = mine.split(" ")
    parent = f"{place} {os.getppid()} {token}"
    assert owner.is_alive(parent, 1.0)
    assert not owner.is_alive(parent, owner.SILENCE)
    with child("") as process:
        process.wait()
    assert not owner.is_alive(f"{place} {process.pid} {token}", 0.0)
    elsewhere = f"other/1 {process.pid} {token}"
    assert owner.is_alive(elsewhere, 1.0)
    assert not owner.is_alive(elsewhere, owner.SILENCE)
    assert owner.shown(elsewhere) == f"process {process.pid} on other"
    assert not owner.is_alive(None, 0.0)
    assert not owner.is_alive("nonsense", 0.0)


def test_batches_and_spans_do_not_matter(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellgraph.stores.bolt.send._VALUES_A_BATCH", 70)
    monkeypatch.setattr("cellgraph.stores.bolt.remove._CELLS_AT_ONCE", 10)
    monkeypatch.setattr("cellgraph.stores.bolt.remove._RELATIONSHIPS_AT_ONCE", 7)
    monkeypatch.setattr("cellgraph.stores.bolt.topology._CELLS_A_LIST", 11)
    network = grid(5)
    with open_store(empty_neo4j) as store:
        store.write(network)
        bare = store.topology()
        assert bare.labels.tolist() == list(range(1, 126))
        assert sorted(zip(bare.a.tolist(), bare.b.tolist(), strict=True)) == list(
            zip(network.contacts["a"].to_pylist(), network.contacts["b"].to_pylist(), strict=True)
        )
        store.write(joined(six_cells()), replace=True)
        store.delete("grid")
        assert everything(store) == {"Sample": 1, "Cell": 6, "HAS_CELL": 6, "TOUCHES": 5}


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Home of a server of these tests alone, which gives little memory to a transaction."""
    home = tmp_path_factory.mktemp("neo4j") / "home"
    with pytest.MonkeyPatch.context() as patch:
        settings = server.config.settings
        patch.setattr(
            "cellgraph.server.config.settings",
            lambda ports, memory: settings(ports, memory) | {"db.memory.transaction.max": "16m"},
        )
        patch.setenv("CELLGRAPH_NEO4J_HOME", str(home))
        server.start(**PORTS)
        try:
            yield home
        finally:
            server.stop()


def test_little_memory_for_a_transaction(own_home: Path) -> None:
    with Neo4jStore(Address(*server.credentials(own_home))) as store:
        store.write(grid(20))
        assert everything(store) == {"Sample": 1, "Cell": 8000, "HAS_CELL": 8000, "TOUCHES": 22_800}
        with pytest.raises(StoreError, match="needs more memory than Neo4j"):
            store.run("UNWIND range(1, 1000000) AS i RETURN collect(toString(i)) AS all")
        store.delete("grid")


def test_a_server_that_is_killed_during_a_load(own_home: Path) -> None:
    with open_store("neo4j") as store:
        store.write(six_cells().network())
    with child(LOAD, "neo4j", "wait", 20) as process:
        assert process.stdout.readline().startswith("cells")
        os.kill(server.status().pid, signal.SIGKILL)
        said = process.communicate("go on\n")[0].splitlines()[-1]
    assert said.startswith("ConnectError Neo4j at bolt://127.0.0.1")
    assert "nothing incomplete is visible, and the next load cleans up" in said
    server.start(**PORTS)
    with open_store("neo4j") as store:
        assert (labels(store), contacts(store)) == (SIX_LABELS, SIX_CONTACTS)
        store.write(grid(20))
        assert store.sample_names() == ["grid", "six"]
        assert everything(store) == {"Sample": 2, "Cell": 8006, "HAS_CELL": 8006, "TOUCHES": 22_805}


def test_a_query_is_asked_again_of_a_server_that_was_restarted_meanwhile(own_home: Path) -> None:
    uri, user, password = server.credentials(own_home)
    slow = "UNWIND range(1, 300000000) AS i RETURN count(i) AS n"
    with (
        open_store("neo4j", read_only=True) as store,
        neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(lambda: store.run(slow)["n"].to_pylist())
        while not any(slow in row[0] for row in driver.execute_query("SHOW TRANSACTIONS YIELD currentQuery").records):
            assert not answer.done()
        server.stop()
        server.start(**PORTS)
        assert answer.result() == [300_000_000]


def test_a_server_that_refuses_any_sign_in_while_it_starts_is_asked_again(own_home: Path) -> None:
    """Until it has read its users it refuses the valid password; after three times, anybody for some seconds."""
    uri, _, password = server.credentials(own_home)
    said: list[str | None] = []

    def sign_in(word: str) -> str:
        with neo4j.GraphDatabase.driver(uri, auth=("neo4j", word)) as driver:
            driver.verify_connectivity()
        return "signed in"

    def work() -> str:
        if not said:
            said.append(None)
            raise neo4j.exceptions.SessionExpired
        while said[-1] != "Neo.ClientError.Security.AuthenticationRateLimit":
            with pytest.raises(neo4j.exceptions.Neo4jError) as caught:
                sign_in("not this one")
            said.append(caught.value.code)
        return sign_in(password)  # refused, until some seconds later

    connection = Connection(Address(uri, "neo4j", password))
    try:
        assert connection.reads_again(work) == "signed in"
    finally:
        connection.close()
    assert said[1:] == ["Neo.ClientError.Security.Unauthorized"] * 3 + [said[-1]]


def test_wrong_passwords_in_a_row_are_told(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri, user, password = server.credentials(own_home)
    monkeypatch.setenv("NEO4J_USERNAME", user)
    monkeypatch.setenv("NEO4J_PASSWORD", "not this one")
    for _ in range(3):
        with pytest.raises(ConnectError, match="refused the user or the password; set NEO4J_USERNAME and"):
            open_store(uri)
    with pytest.raises(ConnectError, match="for some seconds, after several wrong passwords in a row; check NEO4J_"):
        open_store(uri)
    monkeypatch.setenv("NEO4J_PASSWORD", password)
    for _ in range(20):  # the valid one is accepted again after these seconds
        time.sleep(1)
        with suppress(ConnectError), open_store(uri):
            break
    else:
        pytest.fail("the valid password is still refused")


def test_the_local_server_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLGRAPH_NEO4J_HOME", str(tmp_path / "none"))
    with pytest.raises(ConnectError, match="cellgraph neo4j start"):
        open_store("neo4j")
