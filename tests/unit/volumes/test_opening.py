"""Opening whatever a user names, and saying what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from volume_reading import assert_reads, cells

from cellgraph.errors import CellgraphError, FormatError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import open_volume
from cellgraph.volumes.formats import FILES, FOLDERS


def test_missing_files(tmp_path: Path) -> None:
    (tmp_path / "cells_1.tif").touch()
    with pytest.raises(NotFoundError, match=r"no such file.*Did you mean 'cells_1\.tif'"):
        open_volume(tmp_path / "cells-1.tif")
    with pytest.raises(NotFoundError, match="no folder"):
        open_volume(tmp_path / "nowhere" / "cells.tif")
    with pytest.raises(NotFoundError, match="no such file"):
        open_volume(f"{tmp_path}/zzz.h5:labels")
    with pytest.raises(NotFoundError, match="empty"):
        open_volume("")


@pytest.mark.parametrize("name", ["cells.tif", "cells.npy", "cells.h5", "cells.nii.gz", "cells.xyz", "cells"])
def test_empty_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(FormatError, match="is empty"):
        open_volume(tmp_path / name)


@pytest.mark.parametrize("suffix", [suffix for known in FILES for suffix in known.suffixes])
def test_text_files_with_the_name_of_an_image(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"cells{suffix}").write_text("these are no labels, but words\n" * 40)
    with pytest.raises(FormatError, match=r"expected a .* file by its name.*b'these are"):
        open_volume(tmp_path / f"cells{suffix}")


@pytest.mark.parametrize("name", ["cells.txt", "cells", "cells.csv"])
def test_unknown_files_list_the_known_ones(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b,c\n")
    with pytest.raises(FormatError) as caught:
        open_volume(tmp_path / name)
    for known in (*FILES, *FOLDERS):
        assert known.name in str(caught.value)


@pytest.mark.parametrize(
    ("begin", "what"), [(b"\xff\xd8\xff\xe0", "JPEG"), (b"GIF89a", "GIF"), (b"\x1f\x8b\x08", "unpack")]
)
def test_formats_that_do_not_do(tmp_path: Path, begin: bytes, what: str) -> None:
    (tmp_path / "cells.bin").write_bytes(begin + bytes(100))
    with pytest.raises(FormatError, match=what):
        open_volume(tmp_path / "cells.bin")


def test_contents_count_more_than_the_name(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "cells.lsm", cells((5, 6, 7)))
    volume = open_volume(tmp_path / "cells.lsm")
    assert_reads(volume, cells((5, 6, 7)))
    volume.close()


def test_names_with_a_colon(tmp_path: Path) -> None:
    np.save(tmp_path / "a:b.npy", cells((5, 6, 7)))
    volume = open_volume(f"{tmp_path}/a:b.npy")
    assert_reads(volume, cells((5, 6, 7)))
    volume.close()


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "cells.npy", cells((5, 6, 7)))
    monkeypatch.chdir(tmp_path)
    volume = open_volume("cells.npy")
    assert volume.header.source == "cells.npy"
    assert_reads(volume, cells((5, 6, 7)))
    volume.close()
    with pytest.raises(NotFoundError, match="Did you mean"):
        open_volume("cell.npy")


def test_other_objects() -> None:
    class Wrapped:
        def __array__(self, *_: object, **__: object) -> np.ndarray[Any, Any]:
            return cells((5, 6, 7))

    assert_reads(open_volume(Wrapped()), cells((5, 6, 7)))  # type: ignore[arg-type]
    for other in (3, None, [[1, 2]], b"cells.tif"):
        with pytest.raises(ParameterError, match="expected a path, a URL or an array"):
            open_volume(other)  # type: ignore[arg-type]


def test_names_that_are_too_long() -> None:
    with pytest.raises(VolumeReadError, match="could not be read"):
        open_volume("x" * 5000)


def save_zarr_group(path: Path, array: Any) -> str:
    zarr.create_group(path).create_array("a/b", shape=array.shape, dtype=array.dtype)[...] = array
    return f"{path}"


def save_hdf5(path: Path, array: Any) -> str:
    with h5py.File(path, "w") as file:
        file["a/b"] = array
    return f"{path}"


def save_npz(path: Path, array: Any) -> str:
    np.savez(path, labels=array)
    return f"{path}"


def save_two_series(path: Path, array: Any) -> str:
    with tifffile.TiffWriter(path) as tif:
        tif.write(array[:, ::2])
        tif.write(array)
    return f"{path}:1"


@pytest.mark.parametrize(
    ("name", "save"),
    [("a.zarr", save_zarr_group), ("a.h5", save_hdf5), ("a.npz", save_npz), ("a.tif", save_two_series)],
)
def test_the_source_of_a_volume_opens_it_again(tmp_path: Path, name: str, save: Any) -> None:
    source = save(tmp_path / name, cells((5, 6, 7)))
    first = open_volume(source)
    again = open_volume(first.header.source)
    assert again.header.source == first.header.source
    assert_reads(again, cells((5, 6, 7)))
    first.close()
    again.close()


@contextmanager
def nobody() -> Iterator[None]:
    """Give up the rights of root, which may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["cells.tif", "cells.npy", "cells.h5", "cells.nii", "folder"])
def test_no_permission(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_bytes(b"x" * 600)
    for parent in (tmp_path, *tmp_path.parents):
        if os.stat(parent).st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(0o755 if parent != Path("/tmp") else 0o1777)
    path.chmod(0)
    try:
        with nobody(), pytest.raises(VolumeReadError, match="no permission"):
            open_volume(path)
    finally:
        path.chmod(0o700)


def test_every_error_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cells.tif").write_bytes(b"II*\0" + b"\n" * 100)
    with pytest.raises(CellgraphError) as caught:
        open_volume(tmp_path / "cells.tif")
    assert "\n" not in str(caught.value)
