from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cellgraph.errors import ServerError
from cellgraph.server.home import Home, locate


def test_the_home_is_the_one_given_else_that_of_the_environment_else_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("CELLGRAPH_NEO4J_HOME", raising=False)
    assert locate().path == tmp_path / "data" / "cellgraph" / "neo4j"
    monkeypatch.setenv("CELLGRAPH_NEO4J_HOME", str(tmp_path / "named"))
    assert locate().path == tmp_path / "named"
    assert locate(tmp_path / "given").path == tmp_path / "given"
    assert not any(tmp_path.iterdir())


def test_a_prepared_home_is_private_and_can_be_prepared_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "a b" / "home")
    home.prepare()
    home.prepare()
    for folder in (home.path, *(p for p in home.path.iterdir() if p.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_with_other_files_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ServerError, match="holds other files"):
        Home(tmp_path).prepare()
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_home(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ServerError, match="must be a writable folder"):
        Home(file).prepare()
    assert file.read_text() == "mine"


def test_a_place_without_permission_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        forbidden = Path("/sys/cellgraph")  # nobody may create anything there, not even root
    else:
        forbidden = tmp_path / "locked" / "home"
        forbidden.parent.mkdir(mode=0o500)
    with pytest.raises(ServerError, match=r"(?i)not permitted|permission denied"):
        Home(forbidden).prepare()


def test_the_password_is_made_once_and_only_the_user_can_read_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    home.ensure_password()
    first = home.password()
    assert len(first) >= 32
    home.password_file.chmod(0o644)
    home.ensure_password()
    assert home.password() == first
    assert stat.S_IMODE(home.password_file.stat().st_mode) == 0o600

    other = Home(tmp_path / "other")
    other.prepare()
    other.ensure_password()
    assert other.password() != first


def test_a_lost_password_is_not_replaced_by_one_that_opens_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    (home.path / "data" / "databases" / "system").mkdir(parents=True)
    with pytest.raises(ServerError, match="which is missing"):
        home.ensure_password()
    with pytest.raises(ServerError, match="No such file"):
        home.password()
