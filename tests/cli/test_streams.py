"""Closed and full streams, folders that are gone, odd names: a sentence and an exit status, and no traceback."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
from command import PROGRAM, cellgraph, refused
from six_cells import six_cells

from cellgraph.stores import open_store

LABELS = np.array([[[1, 1, 2]]], np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database of six cells and an image."""
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(six_cells().network())
    np.save(tmp_path / "image.npy", LABELS)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("query samples --db cells.db >&-", "cannot write to stdout"),
        ("--help >&-", "cannot write to stdout"),
        ("--help >/dev/full", "No space left"),
        ("--version >/dev/full", "No space left"),
        ("query --cypher - --db cells.db <&-", "cannot read Cypher from stdin"),
    ],
)
def test_a_stream_that_is_closed_or_full_is_told(folder: Path, arguments: str, said: str) -> None:
    done = subprocess.run(f"'{PROGRAM}' {arguments}", shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_load_goes_on_where_stderr_is_full(folder: Path) -> None:
    command = f"'{PROGRAM}' load image.npy --db new.db 2>/dev/full"
    assert subprocess.run(command, shell=True, cwd=folder).returncode == 0
    assert "image" in cellgraph("query", "samples", "--db", folder / "new.db").stdout


def test_stdin_that_is_no_text_is_refused(folder: Path) -> None:
    command = [PROGRAM, "query", "--cypher", "-", "--db", "cells.db"]
    done = subprocess.run(command, cwd=folder, input=b"\xff\xfe\x00", capture_output=True)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_a_folder_that_was_deleted_is_the_reason(folder: Path) -> None:
    command = f"mkdir gone; cd gone; rmdir ../gone; '{PROGRAM}' load '{folder}/image.npy' --db new.db"
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "the current folder has been deleted" in done.stderr
    assert "Traceback" not in done.stderr


def test_control_characters_of_names_do_not_reach_the_terminal(folder: Path) -> None:
    name = "\x1b[31mred\x9b\u202e"
    done = cellgraph("load", folder / "image.npy", "--sample", name, "--db", folder / "cells.db")
    shown = cellgraph("query", "samples", "--db", folder / "cells.db")
    wrong = refused("query", "degree", "--sample", name + "x", "--db", folder / "cells.db")
    for text in (done.stderr, done.stdout, shown.stdout, shown.stderr, wrong):
        assert all(char.isprintable() or char == "\n" for char in text)
    assert r"\x1b[31mred" in done.stderr
    rows = json.loads(cellgraph("query", "samples", "--format", "json", "--db", folder / "cells.db").stdout)
    assert name in [row["sample"] for row in rows]  # data are as they are


@pytest.mark.parametrize("name", ["..", ".", "", "\udcff"])
def test_a_sample_is_never_called_so(folder: Path, name: str) -> None:
    refused("load", "image.npy", "--sample", name, "--db", "new.db", cwd=folder, status=2)
    assert not (folder / "new.db").exists()


@pytest.mark.parametrize("source", ["..", ".", "../inner/../inner"])
def test_a_folder_given_by_dots_is_named_and_nothing_of_the_user_is_touched(tmp_path: Path, source: str) -> None:
    inner = tmp_path / "inner"
    below = inner / "below"
    below.mkdir(parents=True)
    for z in range(2):
        tifffile.imwrite(inner / f"slice_{z}.tif", LABELS[0])
    mine = {path: path / "manifest.json" for path in (tmp_path, inner, below)}
    for path in mine.values():
        path.write_text("{}")
    cellgraph("load", source, "--db", tmp_path / "cells.db", cwd=below if source == ".." else inner)
    assert "inner" in cellgraph("query", "samples", "--db", tmp_path / "cells.db").stdout
    assert all(path.read_text() == "{}" for path in mine.values())


def test_a_folder_that_cellgraph_did_not_make_is_no_work_folder(folder: Path) -> None:
    work = folder / "new.db-work" / "image"
    work.mkdir(parents=True)
    (work / "manifest.json").write_text("{}")
    assert "used for something else" in refused("load", "image.npy", "--db", "new.db", cwd=folder)
    assert (work / "manifest.json").read_text() == "{}"


def test_a_database_that_is_a_link_to_itself_is_refused(folder: Path) -> None:
    (folder / "loop.db").symlink_to("loop.db")
    assert "cannot be opened" in refused("query", "samples", "--db", folder / "loop.db")
    assert "cannot be opened" in refused("load", folder / "image.npy", "--db", folder / "loop.db")


@pytest.mark.parametrize("seconds", ["nan", "-1", "0", "inf", "1e300"])
def test_a_time_that_is_none_is_refused(folder: Path, seconds: str) -> None:
    assert "timeout" in refused("query", "degree", "--db", folder / "cells.db", "--timeout", seconds, status=2)


def test_the_hint_names_the_database_as_a_shell_takes_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = cellgraph("load", "image.npy", "--db", "my cells.db", cwd=folder)
    assert "cellgraph query khop --k 2 --db 'my cells.db'\n" in done.stderr
    monkeypatch.setenv("CELLGRAPH_DB", "~/home.db")
    monkeypatch.setenv("HOME", str(folder))
    done = cellgraph("load", "image.npy", cwd=folder)
    assert done.stderr.endswith("cellgraph query khop --k 2\n")
    assert (folder / "home.db").is_file()
    assert "image" in cellgraph("query", "samples", cwd=folder).stdout
