"""NumPy files and archives."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, LabelError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import open_volume


@pytest.mark.parametrize("dtype", ["bool", "u1", ">u2", "<u4", "i8"])
@pytest.mark.parametrize("shape", [(6, 7), (5, 6, 7)])
@pytest.mark.parametrize("fortran", [False, True])
def test_npy(tmp_path: Path, dtype: str, shape: tuple[int, ...], fortran: bool) -> None:
    array = cells(shape, dtype)
    np.save(tmp_path / "cells.npy", np.asfortranarray(array) if fortran else array)
    volume = open_volume(tmp_path / "cells.npy")
    assert volume.header.resident
    assert volume.header.spacing is None
    assert_reads(volume, array if array.ndim == 3 else array[np.newaxis])
    volume.close()


def test_npy_is_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "cells.npy", cells((50, 60, 70), "u4"))
    volume = open_volume(tmp_path / "cells.npy")
    view = volume.read((10, 0, 0), (20, 60, 70))
    assert not view.flags.owndata
    volume.close()
    np.testing.assert_array_equal(view, cells((50, 60, 70), "u4")[10:20])  # valid after closing


def test_pages_read_long_ago_are_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cellgraph.volumes import mapped

    monkeypatch.setattr(mapped, "_BEHIND", 64 << 10)
    array = cells((100, 64, 64), "u4")
    np.save(tmp_path / "cells.npy", array)
    volume = open_volume(tmp_path / "cells.npy")
    for z in [*range(100), *range(0, 100, 7)]:
        np.testing.assert_array_equal(volume.read((z, 0, 0), (z + 1, 64, 64)), array[z : z + 1])
    volume.close()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_with_one_array(tmp_path: Path, save: Any) -> None:
    array = cells((5, 6, 7))
    save(tmp_path / "cells.npz", labels=array)
    volume = open_volume(tmp_path / "cells.npz")
    assert volume.header.source.endswith("cells.npz:labels")
    assert volume.fingerprint()["size"] == (tmp_path / "cells.npz").stat().st_size
    assert_reads(volume, array)
    volume.close()


def test_npz_with_several_arrays(tmp_path: Path) -> None:
    array, path = cells((5, 6, 7)), tmp_path / "cells.npz"
    np.savez(path, labels=array, cells=cells((5, 6, 7), "i4"), raw=np.zeros((5, 6, 7)))
    with pytest.raises(ParameterError, match=r"labels \(5, 6, 7\) uint16, cells "):
        open_volume(path)
    with pytest.raises(NotFoundError, match="Did you mean 'labels'"):
        open_volume(f"{path}:label")
    volume = open_volume(f"{path}:labels")
    assert_reads(volume, array)
    volume.close()


def test_the_only_integer_array_of_an_npz_is_found(tmp_path: Path) -> None:
    np.savez(tmp_path / "cells.npz", labels=cells((5, 6, 7)), raw=np.zeros((5, 6, 7)), ids=np.arange(4))
    volume = open_volume(tmp_path / "cells.npz")
    assert_reads(volume, cells((5, 6, 7)))
    volume.close()


def test_empty_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "cells.npz")
    with pytest.raises(FormatError, match="holds no arrays"):
        open_volume(tmp_path / "cells.npz")


@pytest.mark.parametrize("left", [7, 40, 0.5, 0.99])
def test_truncated_npy(tmp_path: Path, left: float) -> None:
    path = tmp_path / "cells.npy"
    np.save(path, cells((5, 60, 70)))
    data = path.read_bytes()
    path.write_bytes(data[: left if isinstance(left, int) else int(left * len(data))])
    with pytest.raises(FormatError, match="cut short"):
        open_volume(path)


@pytest.mark.parametrize("left", [0.1, 0.5, 0.99])
def test_truncated_npz(tmp_path: Path, left: float) -> None:
    path = tmp_path / "cells.npz"
    np.savez(path, labels=cells((5, 60, 70)))
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data))])
    with pytest.raises(FormatError, match="cut short"):
        open_volume(path)


def test_damaged_npz(tmp_path: Path) -> None:
    path = tmp_path / "cells.npz"
    np.savez_compressed(path, labels=cells((5, 60, 70)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(FormatError, match="damaged"):
        open_volume(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros(5, int), FormatError),
        (np.array(3), FormatError),
        (np.zeros((0, 4), int), FormatError),
        (np.zeros((4, 4), "c8"), LabelError),
        (np.array([[{}]]), LabelError),
    ],
)
def test_what_holds_no_labels(tmp_path: Path, suffix: str, array: Any, error: type[Exception]) -> None:
    path = tmp_path / f"cells{suffix}"
    if suffix == ".npz":
        np.savez(path, labels=array)
    else:
        np.save(path, array)
    with pytest.raises(error, match="expected"):
        open_volume(path)


def test_npy_has_no_dataset(tmp_path: Path) -> None:
    np.save(tmp_path / "cells.npy", cells((5, 6)))
    with pytest.raises(ParameterError, match="holds one image"):
        open_volume(f"{tmp_path}/cells.npy:labels")


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "cells.npz", labels=cells((5, 60, 70)))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    volume = open_volume(tmp_path / "cells.npz")
    assert not list(scratch.iterdir())
    assert_reads(volume, cells((5, 60, 70)))
    volume.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_no_space_to_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "cells.npz", labels=cells((5, 60, 70)))
    # A temporary file on a full disk: /dev/full takes no byte.
    scratch = tmp_path / "full"
    monkeypatch.setattr(
        tempfile,
        "mkstemp",
        lambda **_: (scratch.symlink_to("/dev/full"), (os.open(scratch, os.O_WRONLY), str(scratch)))[1],
    )
    with pytest.raises(VolumeReadError, match=r"no space to unpack.*TMPDIR"):
        open_volume(tmp_path / "cells.npz")
    assert not scratch.is_symlink()
