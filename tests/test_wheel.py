"""What people get from pip: the wheel, in a clean environment, away from the checkout."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Built:
    """The two archives of a release."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Installed:
    """A clean environment with the wheel in it, and an empty folder to work in."""

    bin: Path
    folder: Path

    def run(self, *arguments: str) -> str:
        """Run `cellgraph` and return what it prints on stdout; it must succeed."""
        # Nothing of this session's Python, database or Neo4j may leak in.
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "CELLGRAPH_", "NEO4J_", "VIRTUAL_ENV"))
        }
        done = subprocess.run(
            [self.bin / "cellgraph", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the sdist, and the wheel from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", folder, REPOSITORY]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel, and from the registry all that it asks for, with nothing else around."""
    folder = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    # Our own pip fills it: it finds in its cache what it has downloaded for this environment.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "venv" / "bin" / "python"]
    done = subprocess.run([*pip, "install", "--quiet", built.wheel], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    work = folder / "work"
    work.mkdir()
    return Installed(folder / "venv" / "bin", work)


def test_wheel_has_every_query_and_nothing_of_the_repository(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = archive.namelist()
    top = {name.partition("/")[0] for name in names}
    assert top == {"cellgraph", next(name for name in top if name.endswith(".dist-info"))}
    cypher = REPOSITORY / "cypher"
    queries = {f"cellgraph/_cypher/{path.relative_to(cypher)}" for path in cypher.rglob("*.cypher")}
    assert queries
    assert queries <= set(names)
    assert "cellgraph/py.typed" in names


def test_sdist_has_all_that_its_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if tracked.returncode != 0:
        pytest.skip("not a git checkout, so what belongs to it is not known")
    wanted = {
        name
        for name in tracked.stdout.splitlines()
        if name.startswith(("cellgraph/", "cypher/", "tests/", "scripts/", "docs/")) or "/" not in name
    }
    assert wanted - names == set()


def test_the_main_job_runs_from_the_wheel(installed: Installed) -> None:
    assert "load" in installed.run("--help")
    installed.run("phantom", "tissue.tif", "--cells", "60", "--shape", "24,32,32", "--seed", "1")
    installed.run("load", "tissue.tif")
    rows = list(csv.DictReader(io.StringIO(installed.run("query", "khop", "--k", "2", "--format", "csv"))))
    assert list(rows[0]) == ["sample", "cell", "hop", "cells", "within"]
    cells = {row["cell"] for row in rows}
    assert len(rows) == 2 * len(cells)
    assert 40 <= len(cells) <= 60
    assert any(int(row["within"]) > int(row["cells"]) > 0 for row in rows if row["hop"] == "2")
