"""Docker as far as it goes without a daemon: what is said when there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cellgraph import server
from cellgraph.errors import ParameterError, ServerError


def test_without_docker_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="no program 'docker'"):
        server.start(tmp_path / "home", docker=True)
    assert not server.status(tmp_path / "home").running


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker program here")
def test_without_a_daemon_docker_tells_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(ServerError, match=r"docker run.* failed: .*connect"):
        server.start(tmp_path / "home", docker=True)
    assert not server.status(tmp_path / "home").running


def test_docker_and_a_java_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--docker or --java"):
        server.start(tmp_path / "home", docker=True, java="system")
