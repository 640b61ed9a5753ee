"""NIfTI files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, InputError, LabelError, ParameterError
from cellgraph.volumes import open_volume

Array = np.ndarray[Any, Any]


def saved(
    path: Path,
    zyx: Array,
    *,
    zooms: tuple[float, ...] = (0.5, 0.25, 2.0),
    unit: str | None = "mm",
    kind: Any = nibabel.Nifti1Image,
) -> Path:
    affine = np.diag([*zooms, 1.0]) if zooms else None
    image = kind(zyx.transpose(), affine, dtype=zyx.dtype)
    if unit:
        image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", ">u2", "u8"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_axes_are_reversed(tmp_path: Path, suffix: str, dtype: str, kind: Any) -> None:
    array = cells((5, 6, 7), dtype)
    volume = open_volume(saved(tmp_path / f"cells{suffix}", array, kind=kind))
    assert (volume.header.spacing, volume.header.unit) == ((2.0, 0.25, 0.5), "millimeter")
    assert volume.header.resident
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize(("unit", "name"), [("micron", "micrometer"), ("meter", "meter")])
def test_units(tmp_path: Path, unit: str, name: str) -> None:
    volume = open_volume(saved(tmp_path / "cells.nii", cells((5, 6, 7)), unit=unit))
    assert volume.header.unit == name
    volume.close()


def test_no_unit_is_taken_as_millimeter_where_the_image_is_placed_in_space(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.nii", cells((5, 6, 7)), unit=None)
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == ((2.0, 0.25, 0.5), "millimeter")
    assert "millimeter" in volume.header.notes[0]
    volume.close()
    data = bytearray(path.read_bytes())
    data[252:256] = bytes(4)  # qform_code and sform_code
    path.write_bytes(data)
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit, volume.header.notes) == ((2.0, 0.25, 0.5), None, ())
    volume.close()


def test_a_header_that_says_nothing(tmp_path: Path) -> None:
    volume = open_volume(saved(tmp_path / "cells.nii", cells((5, 6, 7)), zooms=(), unit=None))
    assert (volume.header.spacing, volume.header.unit, volume.header.notes) == (None, None, ())
    volume.close()


def test_one_slice(tmp_path: Path) -> None:
    array = cells((1, 6, 7))
    volume = open_volume(saved(tmp_path / "cells.nii.gz", array))
    assert (volume.header.ndim, volume.header.spacing) == (2, (1.0, 0.25, 0.5))
    assert_reads(volume, array)
    volume.close()


def test_one_time_point(tmp_path: Path) -> None:
    array = cells((1, 5, 6, 7))
    volume = open_volume(saved(tmp_path / "cells.nii", array))
    assert volume.header.spacing == (2.0, 0.25, 0.5)
    assert_reads(volume, array[0])
    volume.close()


def scaled(path: Path, array: Array, slope: float, intercept: float) -> Path:
    image = nibabel.Nifti1Image(array.transpose(), np.eye(4))
    image.header.set_slope_inter(slope, intercept)
    nibabel.save(image, path)
    # Saving computes a scale of its own; the one wanted here is put into the file.
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(data)
    return path


def test_scaled_labels(tmp_path: Path) -> None:
    array = cells((5, 6, 7), "i2")
    volume = open_volume(scaled(tmp_path / "a.nii", array, 2.0, 1.0))
    assert volume.header.dtype == np.int64
    assert_reads(volume, array.astype("i8") * 2 + 1)
    volume.close()
    volume = open_volume(scaled(tmp_path / "b.nii", array, 0.3, 0.0))
    with pytest.raises(LabelError, match="no whole number"):
        volume.read((0, 0, 0), (5, 6, 7))
    volume.close()


def test_floats(tmp_path: Path) -> None:
    array = cells((5, 6, 7)).astype("f4")
    volume = open_volume(saved(tmp_path / "cells.nii.gz", array))
    assert_reads(volume, array.astype("i8"))
    volume.close()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("left", [0.01, 0.2, 0.6, 0.97])
def test_truncated(tmp_path: Path, suffix: str, left: float) -> None:
    path = saved(tmp_path / f"cells{suffix}", np.random.default_rng(0).integers(0, 999, (20, 30, 40)).astype("u2"))
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data))])
    with pytest.raises(FormatError, match=r"damaged|cut short|contents are none"):
        open_volume(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.nii.gz", np.random.default_rng(0).integers(0, 999, (20, 30, 40)).astype("u2"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(FormatError, match="damaged"):
        open_volume(path)


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 5, 6, 7), "u2"), np.zeros(7, "u2"), np.zeros((5, 6, 7), [("R", "u1"), ("G", "u1"), ("B", "u1")])],
)
def test_what_holds_no_labels(tmp_path: Path, array: Array) -> None:
    path = saved(tmp_path / "cells.nii", array)
    with pytest.raises(InputError, match="expected"):
        open_volume(path)


def test_nifti_has_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="holds one image"):
        open_volume(f"{saved(tmp_path / 'cells.nii', cells((5, 6, 7)))}:labels")


def _placed(path: Path, affine: Any, sform: int, qform: int = 0, zooms: tuple[float, ...] = (1, 1, 1)) -> Path:
    image = nibabel.Nifti1Image(cells((5, 6, 7)).transpose(), np.diag([*zooms, 1]))
    image.header.set_xyzt_units("mm")
    image.header.set_sform(affine, sform)
    image.header["qform_code"] = qform
    nibabel.save(image, path)
    data = bytearray(path.read_bytes())  # as programs write it that change one of them
    data[80:92] = np.array(zooms, "<f4").tobytes()
    data[252:256] = np.array([qform, sform], "<i2").tobytes()
    data[280:328] = np.asarray(affine, "<f4")[:3].tobytes()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("sform", "qform", "spacing", "taken"),
    [
        (1, 0, (0.5, 0.2, 0.2), "the sform is taken"),
        (2, 1, (0.5, 0.2, 0.2), "the sform is taken"),
        (4, 0, (0.5, 0.2, 0.2), "the sform is taken"),
        (4, 1, (1, 1, 1), "pixdim is taken"),
    ],
)
def test_sform_and_pixdim_that_disagree(tmp_path: Path, sform: int, qform: int, spacing: Any, taken: str) -> None:
    volume = open_volume(_placed(tmp_path / "a.nii", np.diag([0.2, 0.2, 0.5, 1]), sform, qform))
    assert (volume.header.spacing, volume.header.unit) == (spacing, "millimeter")
    notes = " ".join(volume.header.notes)
    assert "1 x 1 x 1 in pixdim and of 0.2 x 0.2 x 0.5 in its sform" in notes
    assert taken in notes
    volume.close()


def test_axes_that_are_turned_are_fine_and_skew_ones_are_told(tmp_path: Path) -> None:
    turned = np.array([[0, -0.2, 0, 1], [0.2, 0, 0, 2], [0, 0, 0.5, 3], [0, 0, 0, 1]])
    volume = open_volume(_placed(tmp_path / "a.nii", turned, 1, zooms=(0.2, 0.2, 0.5)))
    assert (volume.header.spacing, volume.header.notes) == ((0.5, 0.2, 0.2), ())
    volume.close()
    sheared = np.array([[0.2, 0, 0.3, 0], [0, 0.2, 0, 0], [0, 0, 0.4, 0], [0, 0, 0, 1]])
    volume = open_volume(_placed(tmp_path / "b.nii", sheared, 1, zooms=(0.2, 0.2, 0.5)))
    assert volume.header.spacing == (0.5, 0.2, 0.2)
    assert "axes are not perpendicular" in " ".join(volume.header.notes)
    volume.close()
