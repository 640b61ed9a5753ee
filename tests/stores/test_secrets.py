"""Passwords and signatures in addresses: nowhere in what a load prints, stores and leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
import web_server
import zarr
from command import cellgraph

from cellgraph import load_many
from cellgraph.volumes import remote_objects

SECRET = "hunter2"
LABELS = np.kron(np.arange(1, 9).reshape(2, 2, 2), np.ones((4, 4, 4))).astype(np.uint16)


def files_with(secret: str, *folders: Path) -> list[Path]:
    found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [file for file in found if secret.encode() in file.read_bytes()]


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    zarr.create_array(served / "x.zarr", shape=LABELS.shape, dtype=LABELS.dtype, chunks=(4, 4, 4))[...] = LABELS
    return served


@pytest.mark.parametrize("address", ["http://ann:hunter2@{host}/x.zarr", "http://{host}/x.zarr?sig=hunter2"])
def test_of_a_volume(address: str, volume: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_objects, "_FIRST_PAUSE_S", 0.01)
    here = tmp_path / "here"
    here.mkdir()
    with web_server.serving(volume) as site:
        url = address.format(host=site.url.partition("://")[2])
        for options in ([], ["--replace"], ["--resume"], ["--sample", "other"], ["--resume", "--background", "1"]):
            done = cellgraph("load", url, "--db", "cells.db", *options, cwd=here, ok=False)
            assert SECRET not in done.stdout + done.stderr
            if "@" in address and not options:
                assert done.returncode == 0, done.stderr
                rows = cellgraph("query", "samples", "--db", "cells.db", "--format", "csv", cwd=here).stdout
                assert f"{site.url}/x.zarr" in rows
        assert not files_with(SECRET, here)
        # A load that fails in the middle keeps its work.
        for chunk in (volume / "x.zarr" / "c" / "1").rglob("1"):
            if chunk.is_file():
                chunk.write_bytes(b"no chunk")
        done = cellgraph("load", url, "--db", "more.db", "--save-every", "0", "--memory", "1MB", cwd=here, ok=False)
        assert done.returncode == 1
        assert SECRET not in done.stdout + done.stderr
        assert not files_with(SECRET, here)
        for outcome in load_many([url, url + "/y"], here / "many.db"):
            assert SECRET not in repr(outcome)
            assert SECRET not in str(outcome.error)


def test_of_a_volume_that_is_read_again(volume: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with web_server.serving(volume) as site:
        url = f"http://ann:{SECRET}@{site.url.partition('://')[2]}/x.zarr"
        cellgraph("load", url, "--db", "cells.db", cwd=here)
        said = cellgraph("near", "--within", "1", "--source", url, "--db", "cells.db", cwd=here)
        other = np.zeros((2, 2, 3), np.uint16)
        zarr.create_array(volume / "y.zarr", shape=other.shape, dtype=other.dtype)[...] = other
        wrong = url.replace("x.zarr", "y.zarr")
        refused = cellgraph("near", "--within", "1", "--source", wrong, "--db", "cells.db", cwd=here, ok=False)
    assert refused.returncode == 1
    assert SECRET not in said.stdout + said.stderr + refused.stdout + refused.stderr
    assert not files_with(SECRET, here)


def test_of_a_database(tmp_path: Path, empty_neo4j: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user, password = os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"]
    monkeypatch.delenv("NEO4J_PASSWORD")
    db = empty_neo4j.replace("://", f"://{user}:{password}@")
    tifffile.imwrite(tmp_path / "x.tif", LABELS)
    said = [
        cellgraph("load", "x.tif", "--db", db, cwd=tmp_path),
        cellgraph("load", "x.tif", "--db", db, cwd=tmp_path, ok=False),
        cellgraph("load", "x.tif", "--db", db, "--resume", cwd=tmp_path, ok=False),
        cellgraph("query", "samples", "--db", db, cwd=tmp_path),
        cellgraph("query", "samples", "--sample", "none", "--db", db, cwd=tmp_path, ok=False),
        cellgraph("query", "--cypher", "RETRUN 1", "--db", db, cwd=tmp_path, ok=False),
        cellgraph("estimate", "mean(volume)", "--db", db, cwd=tmp_path, ok=False),
    ]
    for number in range(2):
        tifffile.imwrite(tmp_path / f"slice_{number}.tif", LABELS[number])
    watch = ["watch", ".", "--pattern", "slice_*.tif", "--until", "2", "--sample", "live"]
    said.append(cellgraph(*watch, "--db", db, cwd=tmp_path))
    for done in said:
        assert password not in done.stdout + done.stderr
    assert not files_with(password, tmp_path)
