"""What README.md tells people to type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def run_shell(text: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run shell commands, each of which must succeed, and return what they print on stdout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env={**os.environ, **environment, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", blocks("python"))
def test_the_python_example_runs_twice(example: str, tmp_path: Path) -> None:
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_commands_run(tmp_path: Path) -> None:
    embedded, on_neo4j = blocks("bash")
    home = {"CELLGRAPH_NEO4J_HOME": str(tmp_path / "neo4j")}
    shown = run_shell(embedded, tmp_path, {})
    assert "khop" in shown
    assert len((tmp_path / "contacts.csv").read_text().splitlines()) > 500
    khop = "cellgraph query khop --k 2 --format csv"
    try:
        run_shell(on_neo4j.replace("cellgraph neo4j stop", f"{khop} --db neo4j > neo4j.csv"), tmp_path, home)
        run_shell(f"{khop} > embedded.csv", tmp_path, {})
    finally:
        run_shell("cellgraph neo4j stop", tmp_path, home)
    rows = (tmp_path / "embedded.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 500
    assert (tmp_path / "neo4j.csv").read_text().splitlines() == rows
