"""What all tests share: real data, a Neo4j, settings of Hypothesis, and a guard against leaked processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import leaks
import pytest

pytest_plugins = ["neo4j_fixture"]

REPOSITORY = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# Compilation by numba makes a first example slow, and a shared machine any of them: no deadline.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "default")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real labelled images, which is kept outside the repository.

    ``CELLGRAPH_TEST_DATA`` names it; else it is ``../shared/data``, beside the repository.  Where there is none,
    tests that need it are skipped, but fail in CI, unless ``CELLGRAPH_TEST_DATA=none`` says that this is known.
    """
    named = os.environ.get("CELLGRAPH_TEST_DATA")
    if named == "none":
        pytest.skip("CELLGRAPH_TEST_DATA=none: there are no real images here")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (folder / "meristem_100.tif").is_file():
        reason = f"no real images in {folder}; CELLGRAPH_TEST_DATA names the folder that has them"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_leaked_processes() -> Iterator[None]:
    """Fail if a process that a test started is still there at the end."""
    with leaks.none_allowed():
        yield
