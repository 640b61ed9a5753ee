"""Labels that are stored as colours: each colour is one label where the user says so, and refused where not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, ParameterError
from cellgraph.volumes import open_volume
from cellgraph.volumes.reading import Reading

RGB = Reading(rgb=True)
LABELS = cells((40, 50), np.uint32) * 70_000 % (1 << 24)
COLOURS = np.stack([LABELS & 255, LABELS >> 8 & 255, LABELS >> 16], -1).astype(np.uint8)


def _png(path: Path) -> Path:
    Image.fromarray(COLOURS).save(path / "cells.png")
    return path / "cells.png"


def _rgba(path: Path) -> Path:
    Image.fromarray(np.dstack([COLOURS, np.full((40, 50), 255, np.uint8)])).save(path / "cells.png")
    return path / "cells.png"


def _tiff(path: Path, **options: Any) -> Path:
    tifffile.imwrite(path / "cells.tif", COLOURS, photometric="rgb", **options)
    return path / "cells.tif"


def _planes(path: Path, **options: Any) -> Path:
    planes = np.moveaxis(COLOURS, -1, 0).copy()
    tifffile.imwrite(path / "cells.tif", planes, photometric="rgb", planarconfig="separate", **options)
    return path / "cells.tif"


def _npy(path: Path) -> Path:
    np.save(path / "cells.npy", COLOURS)
    return path / "cells.npy"


def _zarr(path: Path, chunks: tuple[int, ...]) -> Path:
    zarr.create_array(path / "cells.zarr", data=COLOURS, chunks=chunks, dimension_names=["y", "x", "c"])
    return path / "cells.zarr"


@pytest.mark.parametrize(
    "write",
    [
        _png,
        _rgba,
        _tiff,
        lambda path: _tiff(path, compression="zlib", tile=(16, 32)),
        lambda path: _tiff(path, compression="zlib", rowsperstrip=7),
        _planes,
        lambda path: _planes(path, compression="zlib", rowsperstrip=7),
        _npy,
        lambda path: _zarr(path, (16, 16, 3)),
        lambda path: _zarr(path, (16, 16, 1)),
        lambda path: _zarr(path, (16, 16, 2)),
    ],
)
def test_each_colour_is_one_label(tmp_path: Path, write: Any) -> None:
    path = write(tmp_path)
    with closing(open_volume(path, reading=RGB)) as volume:
        assert_reads(volume, LABELS[np.newaxis])
        told = next(part for part in volume.header.axes.parts if part.what == "labels")
        assert told.words() == "labels red + 256 green + 65536 blue (each colour is one label, and black is 0)"
    with pytest.raises(FormatError, match=r"colour image.*--rgb"):
        open_volume(path)


def test_transparency_is_left_out_with_a_word(tmp_path: Path) -> None:
    with closing(open_volume(_rgba(tmp_path), reading=RGB)) as volume:
        assert any("transparency" in note for note in volume.header.notes)


def test_a_volume_of_colours(tmp_path: Path) -> None:
    np.save(tmp_path / "cells.npy", np.stack([COLOURS, COLOURS[::-1]]))
    with closing(open_volume(tmp_path / "cells.npy", reading=RGB)) as volume:
        assert_reads(volume, np.stack([LABELS, LABELS[::-1]]))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_slices_of_colours(tmp_path: Path, suffix: str) -> None:
    for z, colours in enumerate((COLOURS, COLOURS[::-1])):
        Image.fromarray(colours).save(tmp_path / f"z{z}.{suffix}")
    with closing(open_volume(tmp_path, reading=RGB)) as volume:
        assert_reads(volume, np.stack([LABELS, LABELS[::-1]]))


def test_an_image_without_colours_is_refused(tmp_path: Path) -> None:
    Image.fromarray(COLOURS[..., 0]).save(tmp_path / "grey.png")
    np.save(tmp_path / "grey.npy", LABELS)
    np.save(tmp_path / "deep.npy", COLOURS.astype(np.uint16))
    for name in ("grey.png", "grey.npy", "deep.npy"):
        with pytest.raises(ParameterError, match=r"red, green and blue, 8 bits each, for --rgb.*leave --rgb out"):
            open_volume(tmp_path / name, reading=RGB)
