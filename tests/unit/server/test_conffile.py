"""The file neo4j.conf: what a person writes into it survives every start."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellgraph.errors import ServerError
from cellgraph.server import conffile
from cellgraph.server.home import Home

OURS = {"server.memory.pagecache.size": "512m", "db.tx_log.rotation.size": "64m"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose configuration was written once."""
    home = Home(tmp_path)
    home.prepare()
    conffile.write(home, OURS)
    return home


def settings(home: Home) -> dict[str, str]:
    lines = [line for line in home.configuration.read_text().splitlines() if line and not line.startswith("#")]
    names = [line.partition("=")[0].strip() for line in lines]
    assert len(names) == len(set(names)), "Neo4j refuses a setting that is there twice"
    return dict(line.split("=", 1) for line in lines)


def test_nothing_is_the_user_s_at_first(home: Home) -> None:
    assert settings(home) == OURS
    assert conffile.own_settings(home) == {}
    conffile.write(home, {"db.tx_log.rotation.size": "32m"})
    assert settings(home) == {"db.tx_log.rotation.size": "32m"}


def test_added_and_changed_lines_stay_and_win(home: Home) -> None:
    text = home.configuration.read_text().replace("=512m", "=2g")
    home.configuration.write_text(text + "# mine\ndb.transaction.timeout = 10s\n")
    for _ in range(3):
        conffile.write(home, OURS | {"db.transaction.timeout": "1s"})
        assert conffile.own_settings(home) == {"server.memory.pagecache.size": "2g", "db.transaction.timeout": "10s"}
    assert "# mine" in home.configuration.read_text()
    assert home.configuration.read_text().count("10s") == 1


def test_a_write_that_was_interrupted_leaves_nothing_that_looks_like_the_user_s(home: Home) -> None:
    old, written = home.configuration.read_text(), home.written_configuration.read_text()
    conffile.write(home, {"db.tx_log.rotation.size": "32m"})
    home.written_configuration.write_text(written + home.written_configuration.read_text())
    for conf in (old, home.configuration.read_text()):  # killed before, and after, the second of three writes
        home.configuration.write_text(conf)
        assert conffile.own_settings(home) == {}


def test_the_file_of_an_earlier_version_is_all_ours(home: Home) -> None:
    home.written_configuration.unlink()
    home.configuration.write_text(
        "# Written by `cellgraph neo4j start` at every start: changes made here are lost.\n\n"
        "server.bolt.listen_address=127.0.0.1:7687\n"
    )
    conffile.write(home, OURS)
    assert settings(home) == OURS


@pytest.mark.parametrize("name", ["server.bolt.listen_address", "server.default_listen_address", "server.http.enabled"])
def test_what_cellgraph_decides_is_refused(home: Home, name: str) -> None:
    with home.configuration.open("a") as file:
        file.write(f"{name}=0.0.0.0:7687\n")
    with pytest.raises(ServerError, match=f"sets {name}, which is controlled by cellgraph; remove that line"):
        conffile.write(home, OURS)


def test_java_is_told_what_it_is_to_be(home: Home) -> None:
    with home.configuration.open("a") as file:
        file.write("server.memory.heap.max_size=1g\nserver.jvm.additional=-Da=b\nserver.jvm.additional=-Dc=\\\n  d\n")
    assert conffile.java_options(home) == ["-Xmx1g", "-Da=b", "-Dc=d"]
