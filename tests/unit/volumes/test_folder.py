"""Folders of slices, and single PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from volume_reading import assert_reads, cells

from cellgraph.errors import CellgraphError, FormatError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import open_volume
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.slicenames import read_names

Array = np.ndarray[Any, Any]


def save_png(path: Path, array: Array) -> None:
    Image.fromarray(array).save(path)


def save_tif(path: Path, array: Array) -> None:
    tifffile.imwrite(path, array, compression="zlib")


SAVERS = pytest.mark.parametrize(("suffix", "save"), [(".png", save_png), (".tif", save_tif), (".TIFF", save_tif)])


@SAVERS
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_slices_in_the_order_of_their_numbers(tmp_path: Path, suffix: str, save: Any, dtype: str) -> None:
    array = cells((12, 20, 30), dtype)
    for z in range(12):
        save(tmp_path / f"slice_{z}{suffix}", array[z])  # 10 and 11 come after 9
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_bytes(b"not an image")
    volume = open_volume(tmp_path)
    assert volume.header.chunks == (1, 20, 30)
    assert volume.header.notes == ("left out of the folder: .hidden.png, notes.txt",)
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize(
    "names",
    [
        ["9.png", "10.png"],
        ["a2.png", "a10.png"],
        ["a10z2.png", "a10z10.png"],
        ["z0.25.png", "z0.5.png", "z1.png"],
        ["z-10.png", "z-9.5.png", "z0.png", "z3.png"],
        ["img-001.png", "img-002.png", "img-010.png"],
        ["z-010.png", "z-005.png", "z000.png", "z005.png", "z010.png"],
        ["z_-30.png", "z_-20.png", "z_-10.png"],
        [f"s1.{n}.png" for n in range(1, 12)],
        ["z0,25.png", "z0,5.png", "z1,0.png"],
    ],
)
def test_order_of_names(names: list[str]) -> None:
    assert [path.name for path in read_names([Path(name) for name in sorted(names)]).paths] == names


@pytest.mark.parametrize(
    ("stray", "message"),
    [
        ("preview.tif", "numbers in their names, as s0.tif, but preview.tif has none; move"),
        ("s3.png", "of one format, as s0.tif, but there is s3.png; move"),
        ("s01.tif", "s01.tif and s1.tif have the same number 1; move"),
        ("copy1.tif", "copy1.tif and s1.tif have the same number 1; move"),
        ("s1.tiff", "s1.tif and s1.tiff have the same number 1; move"),
    ],
)
def test_images_that_are_no_slices_are_refused(tmp_path: Path, stray: str, message: str) -> None:
    for name in ("s0.tif", "s1.tif", "s2.tif", stray):
        (save_png if name.endswith("png") else save_tif)(tmp_path / name, cells((4, 4), "u1"))
    with pytest.raises(FormatError, match=message):
        open_volume(tmp_path)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a.tif", "b.tif", "c.png"], "differ in more than a number, as a.tif and b.tif"),
        (["image.tif", "mask.tif"], "differ in more than a number"),
        (["p1_z1.tif", "p1_z2.tiff", "p2_z1.tif"], "have 2 numbers that differ, as tiles have"),
        (["0_0.tif", "0_1.tif", "1_0.tif", "1_1.tif"], "have 2 numbers that differ"),
        (["slice_1.tif", "slice_2.tif", "thumb_3.tif"], "as slice_1.tif and thumb_3.tif"),
        (["s1.tif", "s2.tif", "t3.tif", "t4.tif"], "say 't'"),
        (["z1.tif", "z2.tif", "z2 (1).tif", "z3.tif"], r"as z1.tif and z2 \(1\).tif"),
        (["2024-03-01.tif", "2024-03-02.tif", "2024-03-05.tif"], "say dates"),
        (["01.03.2024.tif", "02.03.2024.tif"], "say dates"),
        (["20240301.tif", "20240302.tif"], "say dates"),
        (["exp_240301.tif", "exp_240308.tif"], "say dates"),
        (["20240301_s1.tif", "20240302_s1.tif"], "say dates"),
        (["exp_20240301_1205.tif", "exp_20240301_1210.tif"], "say times of day"),
        (["20240301T120500.tif", "20240301T121000.tif"], "say 't'"),
        (["20240301120500.tif", "20240301121000.tif"], "say times of day"),
        (["2024-03-01_12-05.tif", "2024-03-01_12-10.tif"], "say times of day"),
        (["img_1709294400.tif", "img_1709294460.tif"], "say times in seconds"),
        (["24hpf.tif", "25hpf.tif"], "say 'hpf'"),
        (["fish 3 dpf.tif", "fish 4 dpf.tif"], "say 'dpf'"),
        (["dpf3.tif", "dpf4.tif"], "say 'dpf'"),
        (["5min_z1.tif", "10min_z1.tif"], "say 'min'"),
        (["wt24h.tif", "wt48h.tif"], "say 'h'"),
        (["12h05.tif", "12h10.tif"], "say 'h'"),
        (["1hr.tif", "2hr.tif"], "say 'hr'"),
        (["10sec.tif", "20sec.tif"], "say 'sec'"),
        (["day0.tif", "day1.tif"], "say 'day'"),
        (["man_seg000.tif", "man_seg001.tif", "man_seg_002_005.tif"], "say 'man_seg'"),
    ],
)
def test_names_that_may_be_no_slices_are_asked_about(tmp_path: Path, names: list[str], why: str) -> None:
    array = cells((len(names), 4, 4), "u1")
    for name, plane in zip(names, array, strict=True):
        (save_png if name.endswith("png") else save_tif)(tmp_path / name, plane)
    with pytest.raises(ParameterError, match=rf"{why}.* cellgraph load .*\*\.tif.* --slices"):
        open_volume(tmp_path)
    volume = open_volume(tmp_path, reading=Reading(slices=True))
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize(
    "names",
    [
        ["exp_20240301_z1.tif", "exp_20240301_z2.tif"],
        ["20240301_0000.tif", "20240301_0001.tif", "20240301_0002.tif"],
        ["20240301_001.tif", "20240301_002.tif"],
        ["2024-03-01_12.tif", "2024-03-01_13.tif"],
        ["24hpf_z1.tif", "24hpf_z2.tif"],
        ["z1_20240301_1205.tif", "z2_20240301_1206.tif"],
        ["00010101.tif", "00010102.tif"],
        ["100.tif", "101.tif"],
        ["001_h.tif", "002_h.tif"],
        ["1s.tif", "2s.tif"],
        ["img_001_hires.tif", "img_002_hires.tif"],
        ["sec1.tif", "sec2.tif"],
    ],
)
def test_a_date_or_time_that_is_not_what_differs_leaves_slices(names: list[str]) -> None:
    assert read_names([Path(name) for name in names]).trouble is None


def test_a_number_and_the_place_that_goes_with_it_are_slices(tmp_path: Path) -> None:
    names = ["slice1_z0.25.png", "slice2_z0.50.png", "slice10_z0.75.png"]
    assert [path.name for path in read_names([Path(name) for name in sorted(names)]).paths] == names
    assert read_names([Path(name) for name in names]).known


@pytest.mark.parametrize("save", [save_png, save_tif])
def test_the_axes_of_a_folder_are_those_of_the_whole(tmp_path: Path, save: Any) -> None:
    array = cells((3, 20, 30), "u1")
    for z in range(3):
        save(tmp_path / f"z{z}.{'png' if save is save_png else 'tif'}", array[z])
    for axes, wanted in (("zyx", array), ("zxy", array.transpose(0, 2, 1)), ("xyz", array.transpose(2, 1, 0))):
        volume = open_volume(tmp_path, reading=Reading(axes=axes))
        assert_reads(volume, np.ascontiguousarray(wanted))
        volume.close()
    for reading, why in (
        (Reading(axes="tyx"), "3 frames"),
        (Reading(axes="yx"), "to name 3 axes"),
        (Reading(time=2), "no axis is of time"),
        (Reading(channel=1), "no axis is of channel"),
    ):
        with pytest.raises(CellgraphError, match=why):
            open_volume(tmp_path, reading=reading)


def test_the_axes_of_one_png_can_be_named(tmp_path: Path) -> None:
    array = cells((20, 30), "u1")
    save_png(tmp_path / "one.png", array)
    volume = open_volume(tmp_path / "one.png", reading=Reading(axes="xy"))
    assert_reads(volume, np.ascontiguousarray(array.T)[np.newaxis])
    volume.close()
    for reading in (Reading(axes="qq"), Reading(time=3), Reading(channel=9)):
        with pytest.raises(ParameterError):
            open_volume(tmp_path / "one.png", reading=reading)


def test_missing_numbers_are_noted(tmp_path: Path) -> None:
    for z in (1, 2, 5):
        save_png(tmp_path / f"z{z:03}.png", cells((4, 4), "u1"))
    volume = open_volume(tmp_path)
    assert "3, 4 of 1 to 5 are missing" in volume.header.notes[0]
    volume.close()


def test_pixel_size_of_slices_is_noted(tmp_path: Path) -> None:
    for z in range(3):
        tifffile.imwrite(tmp_path / f"{z}.tif", cells((4, 4)), imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    volume = open_volume(tmp_path)
    assert volume.header.spacing is None
    assert "0.25 x 0.25 micrometer" in volume.header.notes[0]
    volume.close()


def test_float_slices(tmp_path: Path) -> None:
    array = cells((3, 4, 5)).astype("f4")
    for z in range(3):
        tifffile.imwrite(tmp_path / f"{z}.tif", array[z])
    volume = open_volume(tmp_path)
    assert "whole number" in volume.header.notes[0]
    assert_reads(volume, array.astype("i8"))
    volume.close()


@pytest.mark.parametrize("dtype", ["bool", "u1", "u2"])
def test_one_png(tmp_path: Path, dtype: str) -> None:
    array = cells((20, 30), dtype)
    save_png(tmp_path / "cells.png", array)
    volume = open_volume(tmp_path / "cells.png")
    assert volume.header.dtype == array.dtype
    assert_reads(volume, array[np.newaxis])
    volume.close()
    with pytest.raises(ParameterError, match="holds one image"):
        open_volume(tmp_path / "cells.png", dataset="0")


def test_palette_numbers_are_labels(tmp_path: Path) -> None:
    array = cells((20, 30), "u1")
    image = Image.frombytes("P", (30, 20), array.tobytes())
    image.putpalette([i % 256 for i in range(768)])
    image.save(tmp_path / "cells.png")
    volume = open_volume(tmp_path / "cells.png")
    assert_reads(volume, array[np.newaxis])
    volume.close()


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_values_of_few_bits_are_not_stretched(tmp_path: Path, bits: int) -> None:
    import struct
    import zlib

    array = cells((6, 8), "u1") % (1 << bits)
    each = np.unpackbits(array[:, :, np.newaxis], axis=2)[:, :, -bits:]  # the low bits of each pixel
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(each.reshape(6, -1), axis=1))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 6, bits, 0, 0, 0, 0)
    (tmp_path / "cells.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    volume = open_volume(tmp_path / "cells.png")
    assert_reads(volume, array[np.newaxis])
    volume.close()


@pytest.mark.parametrize("samples", [3, 4])
def test_colour_pngs_are_refused(tmp_path: Path, samples: int) -> None:
    save_png(tmp_path / "cells.png", np.zeros((20, 30, samples), "u1"))
    with pytest.raises(FormatError, match="colour image"):
        open_volume(tmp_path / "cells.png")
    with pytest.raises(FormatError, match="colour image"):
        open_volume(tmp_path)


@SAVERS
def test_differing_shapes_are_refused(tmp_path: Path, suffix: str, save: Any) -> None:
    save(tmp_path / f"0{suffix}", cells((20, 30)))
    save(tmp_path / f"1{suffix}", cells((20, 31)))
    with pytest.raises(FormatError, match=r"0\.\w+ is \(20, 30\).*1\.\w+ is \(20, 31\)"):
        open_volume(tmp_path)


def test_differing_integer_types_are_widened(tmp_path: Path) -> None:
    first, second = cells((20, 30), "u1"), cells((20, 30), "u2")
    save_tif(tmp_path / "0.tif", first)
    save_tif(tmp_path / "1.tif", second)
    volume = open_volume(tmp_path)
    assert "uint16" in volume.header.notes[0]
    assert_reads(volume, np.stack([first.astype("u2"), second]))
    volume.close()


def test_stacks_in_a_folder_are_refused(tmp_path: Path) -> None:
    save_tif(tmp_path / "0.tif", cells((6, 20, 30)))
    with pytest.raises(FormatError, match="stack of 6"):
        open_volume(tmp_path)


@pytest.mark.parametrize("names", [[], ["notes.txt"], ["a.jpg", "b.jpg"]])
def test_folders_without_images(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("x")
    with pytest.raises(NotFoundError, match="no image lies in it") as caught:
        open_volume(tmp_path)
    assert all(name in str(caught.value) for name in names)


def test_a_folder_has_no_dataset(tmp_path: Path) -> None:
    save_png(tmp_path / "0.png", cells((4, 4)))
    with pytest.raises(ParameterError, match="holds one image"):
        open_volume(tmp_path, dataset="0")


@SAVERS
def test_a_slice_that_is_damaged_removed_or_changed(tmp_path: Path, suffix: str, save: Any) -> None:
    for z in range(4):
        save(tmp_path / f"{z}{suffix}", cells((20, 30)))
    volume = open_volume(tmp_path)
    before = volume.fingerprint()
    data = (tmp_path / f"1{suffix}").read_bytes()
    (tmp_path / f"1{suffix}").write_bytes(data[: len(data) // 2])
    (tmp_path / f"2{suffix}").unlink()
    save(tmp_path / f"3{suffix}", cells((21, 30)))
    np.testing.assert_array_equal(volume.read((0, 0, 0), (1, 20, 30))[0], cells((20, 30)))
    for z in (1, 2, 3):
        with pytest.raises(CellgraphError, match=rf"{z}{suffix}"):
            volume.read((z, 0, 0), (z + 1, 20, 30))
    save(tmp_path / f"2{suffix}", cells((20, 30)))
    assert volume.fingerprint() != before
    volume.close()


def test_truncated_and_damaged_pngs(tmp_path: Path) -> None:
    path = tmp_path / "cells.png"
    save_png(path, cells((200, 300)))
    data = path.read_bytes()
    path.write_bytes(data[:20])
    with pytest.raises(FormatError, match="cut short"):
        open_volume(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FormatError, match="cut short"):
        open_volume(path)
    path.write_bytes(data[:2000] + bytes(100) + data[2100:])
    volume = open_volume(path)
    with pytest.raises(VolumeReadError, match="does not decode"):
        volume.read((0, 0, 0), (1, 200, 300))


def test_very_large_pngs(tmp_path: Path) -> None:
    array = np.zeros((14000, 14000), "u1")
    array[7000:, 7000:] = 7
    Image.fromarray(array).save(tmp_path / "cells.png", compress_level=1)
    volume = open_volume(tmp_path / "cells.png")
    assert volume.read((0, 6998, 6998), (1, 7002, 7002)).sum() == 4 * 7
