"""The commands of the local server, each in a process of its own, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellgraph import server
from cellgraph.server.home import Home
from cellgraph.server.process import is_server, running_pid

COMMAND = [sys.executable, "-c", "from cellgraph.cli import main; main()", "neo4j"]


def run(*arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    return done


def test_start_says_how_to_open_neo4j_browser_but_not_the_password(local_neo4j: Path) -> None:
    found = server.start(local_neo4j)
    told = run("start", "--home", local_neo4j).stdout
    assert f"was already running (process {found.pid})" in told
    for part in (found.browser, found.uri, "user", "neo4j", str(found.password_file), "--show-password"):
        assert str(part) in told
    assert Home(local_neo4j).password() not in told


def test_status_tells_the_same_in_every_format(local_neo4j: Path, tmp_path: Path) -> None:
    found = server.start(local_neo4j)
    password = Home(local_neo4j).password()
    text = run("status", "--home", local_neo4j).stdout
    assert f"Neo4j 5.26.30 is running (process {found.pid})." in text
    assert password not in text
    assert password in run("status", "--home", local_neo4j, "--show-password").stdout

    (row,) = json.loads(run("status", "--home", local_neo4j, "--format", "json").stdout)
    assert row == {
        "home": str(local_neo4j),
        "running": True,
        "uri": found.uri,
        "browser": found.browser,
        "user": "neo4j",
        "password_file": str(found.password_file),
        "version": "5.26.30",
        "pid": found.pid,
    }
    header = run("status", "--home", local_neo4j, "--format", "csv").stdout.splitlines()[0]
    assert header.split(",") == list(row)


def test_logs_prints_the_end(local_neo4j: Path) -> None:
    server.start(local_neo4j)
    assert "Started." in run("logs", "--home", local_neo4j).stdout
    assert len(run("logs", "--home", local_neo4j, "--lines", 2).stdout.splitlines()) == 2
    assert "1 or more" in run("logs", "--home", local_neo4j, "--lines", 0, status=2).stderr


def test_path_prints_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLGRAPH_NEO4J_HOME", str(tmp_path / "named"))
    assert run("path").stdout == f"{tmp_path / 'named'}\n"
    assert run("path", "--home", tmp_path / "given").stdout == f"{tmp_path / 'given'}\n"


def test_without_a_server_the_commands_say_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "Neo4j is not running." in run("status", "--home", home, status=3).stdout
    (row,) = json.loads(run("status", "--home", home, "--format", "json", status=3).stdout)
    assert (row["running"], row["uri"], row["pid"]) == (False, None, None)
    assert "was not running" in run("stop", "--home", home).stdout
    assert "no server was started there yet" in run("logs", "--home", home, status=1).stderr
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--java", "system"], 2, "--java was removed"),
        (["--bolt-port", "70000"], 2, "from 1 to 65535"),
        (["--docker"], 2, "docker compose up"),
        (["--timeout", "soon"], 2, "--timeout"),
    ],
)
def test_wrong_options_end_with_a_sentence(tmp_path: Path, arguments: list[str], status: int, sentence: str) -> None:
    assert sentence in run("start", "--home", tmp_path / "home", *arguments, status=status).stderr


def test_a_home_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "holds other files" in run("start", "--home", tmp_path, status=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_ctrl_c_during_a_start_leaves_no_server(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with subprocess.Popen(
        [*COMMAND, "start", "--home", home.path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as start:
        deadline = time.monotonic() + 120
        while not (pid := running_pid(home)):
            assert start.poll() is None, start.communicate()
            assert time.monotonic() < deadline, "no server was launched"
            time.sleep(0.01)
        start.send_signal(signal.SIGINT)
        _, told = start.communicate(timeout=60)
    assert start.returncode == 130
    assert "Traceback" not in told
    assert not is_server(pid, home)


def test_stop_stops_and_a_started_server_outlives_its_command(local_neo4j: Path) -> None:
    server.start(local_neo4j)
    assert run("stop", "--home", local_neo4j).stdout == "Neo4j is stopped.\n"
    assert not server.status(local_neo4j).running
    told = run("start", "--home", local_neo4j)
    assert "starting Neo4j" in told.stderr
    found = server.status(local_neo4j)
    assert f"Neo4j 5.26.30 is running (process {found.pid})." in told.stdout
    assert os.getsid(found.pid or 0) != os.getsid(0), "the server would end with this terminal"
