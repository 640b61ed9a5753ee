"""Damaged files of every format: whatever is wrong in them, what comes is an error of ours that names the file."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image
from volume_reading import cells

from cellgraph.errors import CellgraphError, FormatError
from cellgraph.volumes import open_volume

Array = np.ndarray[Any, Any]


def save_h5(path: Path, array: Array) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("labels", data=array, compression="gzip")


SAVERS: dict[str, Callable[[Path, Array], object]] = {
    "plain.npy": np.save,
    "packed.npz": lambda path, array: np.savez_compressed(path, labels=array),
    "plain.tif": tifffile.imwrite,
    "zlib.tif": lambda path, array: tifffile.imwrite(path, array, compression="zlib"),
    "tiles.tif": lambda path, array: tifffile.imwrite(path, array, compression="lzw", tile=(64, 64)),
    "imagej.tif": lambda path, array: tifffile.imwrite(path, array, imagej=True),
    "grey.png": lambda path, array: Image.fromarray(array).save(path),
    "plain.nii": lambda path, array: nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path),
    "packed.nii.gz": lambda path, array: nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path),
    "packed.h5": save_h5,
}


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return a file that was cut short, or some of whose bytes, mostly of the header, are others."""
    data = bytearray(whole)
    if chance.random() < 0.2:
        return bytes(data[: chance.randrange(1, len(data))])
    reach = min(len(data), 400) if chance.random() < 0.7 else len(data)
    for _ in range(chance.randrange(1, 6)):
        data[chance.randrange(reach)] = chance.randrange(256)
    return bytes(data)


def outcome(path: Path) -> str:
    """Return the error of reading a file whole, or what is read where the damage does not matter."""
    try:
        with closing(open_volume(path)) as volume:
            volume.read((0, 0, 0), volume.header.shape)
            return volume.header.source
    except CellgraphError as error:
        return str(error)


@pytest.mark.parametrize("name", SAVERS)
def test_a_damaged_file_is_a_sentence_that_names_it(tmp_path: Path, name: str) -> None:
    SAVERS[name](tmp_path / name, cells((130, 140)))
    whole = (tmp_path / name).read_bytes()
    chance = random.Random(7)
    for number in range(600):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(damaged(whole, chance))
        assert str(path) in outcome(path)
        path.unlink()


def test_an_image_that_no_memory_holds_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cells.tif"
    tifffile.imwrite(path, cells((130, 140)), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages[0].tags["ImageWidth"].overwrite(2**32 - 1)
    with pytest.raises(FormatError, match=r"cells\.tif: .*\(130, 4294967295\) voxels .* it is damaged"):
        open_volume(path)


def test_a_page_with_too_few_strips(tmp_path: Path) -> None:
    path = tmp_path / "cells.tif"
    tifffile.imwrite(path, cells((130, 140)), compression="zlib", rowsperstrip=65)
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages[0].tags["RowsPerStrip"].overwrite(10)
    with pytest.raises(FormatError, match=r"cells\.tif: expected page 1 of 1 to have 13 strips .* it has 2; .*damaged"):
        open_volume(path)
