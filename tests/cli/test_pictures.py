"""The commands `cellgraph plot` and `cellgraph paint`."""

from __future__ import annotations

from pathlib import Path

import pytest
import tifffile
from command import cellgraph, refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    cellgraph("phantom", folder / "cells.tif", "--cells", 50, "--shape", "12,40,40")
    cellgraph("load", folder / "cells.tif", "--db", folder / "cells.db")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("cells.tif", "--color", "degree"),
        ("cells.tif", "within", "--cell", 7, "--k", 2, "--slice", "z=3"),
        ("cells.tif", "degree", "--where", "volume > 300", "--no-contacts"),
        ("path", 1, 50),
        ("--color", "volume"),
    ],
)
def test_pictures(arguments: tuple[object, ...], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = cellgraph("plot", *arguments, "--db", "cells.db", "-o", tmp_path / "out.png")
    assert done.stderr.endswith(f"drew {tmp_path / 'out.png'}\n")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_an_image_of_a_value(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "degree.tif"
    done = cellgraph("paint", folder / "cells.tif", "--by", "degree", "-o", output, "--db", folder / "cells.db")
    assert "each cell has its degree" in done.stderr
    assert tifffile.imread(output).shape == (12, 40, 40)


def test_what_is_refused(folder: Path, tmp_path: Path) -> None:
    volume, db = folder / "cells.tif", ("--db", folder / "cells.db")
    assert "plot needs --output FILE" in refused("plot", volume, *db, status=2)
    assert "paint needs --by COLUMN and --output FILE" in refused("paint", volume, *db, status=2)
    assert ".png, .svg or .pdf" in refused("plot", volume, "-o", tmp_path / "out.bmp", *db, status=2)
    assert "there is no query 'withn'" in refused("plot", volume, "withn", "-o", tmp_path / "out.png", *db, status=1)
