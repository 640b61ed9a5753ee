"""The life of a real local server. It is started as seldom as possible: a start takes ten seconds."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import neo4j
import pytest

from cellgraph import server
from cellgraph.errors import ConnectError, ParameterError, ServerError
from cellgraph.server import java, ready
from cellgraph.server.config import Ports, identifying_arguments
from cellgraph.server.home import Home
from cellgraph.server.process import is_server, running_pid
from cellgraph.server.ready import PortTakenError


def ask(home: Path, cypher: str, **parameters: Any) -> list[dict[str, Any]]:
    uri, user, password = server.credentials(home)
    with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver:
        return [record.data() for record in driver.execute_query(cypher, parameters).records]


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def servers_of(home: Path) -> list[int]:
    """Every process that is a server of this home, whether a file tells of it or not."""
    programs = [p for p in Path("/proc").iterdir() if p.name.isdigit() and os.access(p / "exe", os.R_OK)]
    return [int(p.name) for p in programs if is_server(int(p.name), Home(home))]


@contextmanager
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def listening_addresses(pid: int) -> set[str]:
    """Addresses, as the kernel writes them, of the sockets on which a process listens."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(entry).removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            continue  # closed while we looked
    tables = [Path(f"/proc/{pid}/net/{name}").read_text().splitlines() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table]
    return {fields[1].split(":")[0] for fields in lines if fields[3] == "0A" and fields[9] in inodes}


# While it runs ----------------------------------------------------------------------------------------------


def test_a_second_start_finds_the_first(local_neo4j: Path) -> None:
    first = server.start(local_neo4j)
    second = server.start(local_neo4j, bolt_port=9999)
    assert second.already_running
    assert (second.pid, second.uri, second.version) == (first.pid, first.uri, "5.26.30")
    assert servers_of(local_neo4j) == [first.pid]


def test_only_the_generated_password_opens_it(local_neo4j: Path) -> None:
    server.start(local_neo4j)
    assert ask(local_neo4j, "RETURN 1 AS one") == [{"one": 1}]
    uri, user, password = server.credentials(local_neo4j)
    assert Home(local_neo4j).password() == password
    for wrong in ((user, "neo4j"), (user, "wrong"), None):
        with neo4j.GraphDatabase.driver(uri, auth=wrong) as driver, pytest.raises(neo4j.exceptions.ClientError):
            driver.execute_query("RETURN 1")


def test_it_listens_on_the_loopback_interface_only(local_neo4j: Path) -> None:
    pid = server.start(local_neo4j).pid
    assert pid is not None
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    found = listening_addresses(pid)
    assert found
    assert found <= loopback


def test_nobody_else_can_read_its_files_and_no_command_line_shows_the_password(local_neo4j: Path) -> None:
    pid = server.start(local_neo4j).pid
    home = Home(local_neo4j)
    assert stat.S_IMODE(home.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    password = home.password()
    assert password not in Path(f"/proc/{pid}/cmdline").read_text()
    assert password not in server.logs(local_neo4j, lines=1000)
    assert password not in repr(server.status(local_neo4j))
    assert password not in home.configuration.read_text()
    assert password not in home.state_file.read_text()


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "file:///proc/self/environ", "{browser}", "http://localhost:1/", "ftp://[::1]/x"]
)
def test_cypher_reads_neither_files_nor_addresses(address: str, local_neo4j: Path) -> None:
    browser = server.start(local_neo4j).browser.partition("/browser")[0]
    with pytest.raises(neo4j.exceptions.ClientError, match=r"is blocked|is false"):
        ask(local_neo4j, "LOAD CSV FROM $address AS row RETURN row", address=address.format(browser=browser))


def test_it_knows_no_keys_of_the_environment(local_neo4j: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.stop(local_neo4j)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2")
    started = server.start(local_neo4j)
    environment = Path(f"/proc/{started.pid}/environ").read_bytes()
    assert b"CLASSPATH=" in environment
    assert b"hunter2" not in environment
    assert b"PYTEST" not in environment


def test_it_reports_to_nobody(local_neo4j: Path) -> None:
    server.start(local_neo4j)
    wanted = {
        "client.allow_telemetry": "false",
        "dbms.usage_report.enabled": "false",
        "server.https.enabled": "false",
        "dbms.security.auth_enabled": "true",
    }
    rows = ask(local_neo4j, "SHOW SETTINGS YIELD name, value WHERE name IN $names", names=list(wanted))
    assert {row["name"]: row["value"] for row in rows} == wanted


def test_status_and_logs_tell_about_it(local_neo4j: Path) -> None:
    started = server.start(local_neo4j)
    found = server.status(local_neo4j)
    assert found.running
    assert (found.home, found.user) == (local_neo4j, "neo4j")
    assert (found.pid, found.uri, found.browser) == (started.pid, started.uri, started.browser)
    assert "Started." in server.logs(local_neo4j)
    assert len(server.logs(local_neo4j, lines=3).splitlines()) == 3
    with pytest.raises(ParameterError, match="1 or more"):
        server.logs(local_neo4j, lines=0)


def test_lost_ports_are_told_and_a_stop_still_works(local_neo4j: Path) -> None:
    server.start(local_neo4j)
    state = Home(local_neo4j).state_file
    kept = state.read_text()
    try:
        for damage in ("", "[1]", '{"bolt": 1}'):
            state.write_text(damage)
            assert server.status(local_neo4j).running
            for call in (server.credentials, server.start):
                with pytest.raises(ServerError, match=r"server\.json, which holds its ports, is missing"):
                    call(local_neo4j)
    finally:
        state.write_text(kept)


# When it ends -----------------------------------------------------------------------------------------------


def test_a_killed_server_is_noticed_and_starts_again_with_its_data(local_neo4j: Path) -> None:
    pid = server.start(local_neo4j).pid
    assert pid is not None
    ask(local_neo4j, "CREATE (:Kept {value: 7})")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.status(local_neo4j).running)
    with pytest.raises(ConnectError, match="not running; start it with: cellgraph neo4j start"):
        server.credentials(local_neo4j)
    assert not server.stop(local_neo4j)
    again = server.start(local_neo4j)
    assert not again.already_running
    assert again.pid != pid
    assert ask(local_neo4j, "MATCH (k:Kept) RETURN k.value AS value") == [{"value": 7}]


def test_a_stop_is_clean_and_what_is_left_of_it_does_no_harm(local_neo4j: Path) -> None:
    home = Home(local_neo4j)
    before = server.start(local_neo4j)
    assert before.pid is not None
    assert server.stop(local_neo4j)
    assert running_pid(home) is None
    assert servers_of(local_neo4j) == []
    assert "Stopped." in server.logs(local_neo4j, lines=1)
    assert not server.stop(local_neo4j)

    assert before.uri is not None
    bolt = int(before.uri.rpartition(":")[2])
    with stranger() as other, socket.create_server(("127.0.0.1", bolt)):
        home.pid_file.write_text(f"{other.pid}\n")
        assert not server.status(local_neo4j).running
        assert not server.stop(local_neo4j)
        after = server.start(local_neo4j, bolt_port=bolt)
        assert other.poll() is None, "an unrelated process was ended"
        assert not after.already_running
        assert after.uri != before.uri
        assert ask(local_neo4j, "RETURN 1 AS one") == [{"one": 1}]


def test_a_wrong_password_file_is_told(local_neo4j: Path) -> None:
    server.start(local_neo4j)
    home = Home(local_neo4j)
    kept = home.password()
    try:
        home.password_file.write_text("not it\n")
        with pytest.raises(ServerError, match="does not accept the password in"):
            server.start(local_neo4j)
    finally:
        home.password_file.write_text(kept + "\n")
    assert server.status(local_neo4j).running, "a server that was found running was ended"


# When it does not start -------------------------------------------------------------------------------------


def test_starts_at_the_same_time_make_one_server_even_if_others_grab_its_port(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    grabbed = []

    def grab() -> None:
        """Listen on the port that was chosen, after it was found free and before Java is there."""
        wait_until(lambda: home.pid_file.exists())
        port = json.loads(home.state_file.read_text())["bolt"]
        grabbed.append(socket.create_server(("127.0.0.1", port)))

    thief = threading.Thread(target=grab)
    thief.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(lambda _: server.start(home.path, bolt_port=17687, http_port=17474), range(2))
        thief.join()
        assert one.pid == other.pid
        assert {one.already_running, other.already_running} == {False, True}
        assert len(servers_of(home.path)) == 1
        assert one.uri != f"bolt://127.0.0.1:{grabbed[0].getsockname()[1]}"
    finally:
        server.stop(home.path)
        for listener in grabbed:
            listener.close()
    assert servers_of(home.path) == []


@pytest.mark.parametrize(
    "said", ["BindException: Address already in use", "Address 127.0.0.1:7474 is already in use, cannot bind to it"]
)
def test_a_stranger_on_its_port_is_not_told_the_password(local_neo4j: Path, tmp_path: Path, said: str) -> None:
    """Another Neo4j that was quicker to take the ports answers there until ours finds them taken and ends."""
    stranger = server.start(local_neo4j)
    home = Home(tmp_path / "home")
    home.prepare()
    home.ensure_password()
    assert stranger.uri is not None
    assert stranger.browser is not None
    ports = Ports(bolt=urlsplit(stranger.uri).port or 0, http=urlsplit(stranger.browser).port or 0)
    before = server.logs(local_neo4j, lines=1)
    alive = iter([True, True, False])
    with pytest.raises(PortTakenError, match="exited before it answered: another program listens"):
        ready.wait(
            home,
            ports,
            is_alive=lambda: next(alive),
            answered_before=False,
            output=lambda: said,
            timeout=60,
        )
    assert server.logs(local_neo4j, lines=1) == before, "somebody tried to sign in there"


def test_a_process_that_replaces_its_program_stays_the_server(tmp_path: Path) -> None:
    """While it does, it has no command line for a moment, as a server has that was just launched by a shell."""
    home = Home(tmp_path / "home")
    again = 'n=$1; shift; [ "$n" = 0 ] || exec /bin/sh -c "$0" "$0" $((n - 1)) "$@"; read end'
    command = ["/bin/sh", "-c", again, again, "2000", *identifying_arguments(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        asked = 0
        while f"\0{0}\0" not in Path(f"/proc/{process.pid}/cmdline").read_text():
            assert is_server(process.pid, home)
            asked += 1
        assert asked > 100
        process.communicate(b"\n")
        assert not is_server(process.pid, home)


def test_a_java_that_fails_is_told_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "java"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(java.find()))} -XX:+NoSuchOption "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(java, "find", lambda: program)
    with pytest.raises(ServerError, match=r"(?s)first password.*NoSuchOption"):
        server.start(tmp_path / "home")
    # As if it had run before: then no first password is set, and the server itself fails.
    (tmp_path / "home" / "data" / "databases" / "system").mkdir(parents=True)
    with pytest.raises(ServerError, match=r"(?s)exited before it answered.*NoSuchOption"):
        server.start(tmp_path / "home")
    assert not server.status(tmp_path / "home").running
    assert "NoSuchOption" in server.logs(tmp_path / "home")


def test_a_start_that_takes_too_long_leaves_nothing_running(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"did not answer within 0\.1 seconds"):
        server.start(tmp_path / "home", timeout=0.1)
    assert servers_of(tmp_path / "home") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "none", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.strip()}")
    try:
        with pytest.raises(ServerError, match=r"needs 250 MB of disk space .*, but only 3\d MB are free"):
            server.start(disk / "home")
        assert not (disk / "home" / "data" / "databases").exists()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_there_is_nothing_to_tell_before_the_first_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    found = server.status(home)
    assert not found.running
    assert (found.uri, found.browser, found.pid) == (None, None, None)
    assert server.path(home) == home
    assert not server.stop(home)
    with pytest.raises(ConnectError, match="cellgraph neo4j start"):
        server.credentials(home)
    with pytest.raises(ServerError, match="no server was started there yet"):
        server.logs(home)
    assert not home.exists()
