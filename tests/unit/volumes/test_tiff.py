"""TIFF of all kinds, and damaged ones."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, LabelError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import open_volume
from cellgraph.volumes.reading import Reading

Array = np.ndarray[Any, Any]


def saved(path: Path, array: Array, **options: Any) -> Path:
    tifffile.imwrite(path, array, **options)
    return path


def zyx(array: Array) -> Array:
    return array if array.ndim == 3 else array[np.newaxis]


@pytest.mark.parametrize("dtype", ["bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("shape", [(40, 50), (6, 40, 50)])
def test_uncompressed(tmp_path: Path, dtype: str, byteorder: Any, shape: tuple[int, ...]) -> None:
    array = cells(shape, dtype)
    volume = open_volume(saved(tmp_path / "cells.tif", array, byteorder=byteorder, photometric="minisblack"))
    assert volume.header.dtype == array.dtype
    assert_reads(volume, zyx(array))
    volume.close()


def test_uncompressed_in_one_piece_is_mapped(tmp_path: Path) -> None:
    volume = open_volume(saved(tmp_path / "cells.tif", cells((6, 40, 50))))
    assert volume.header.resident
    assert not volume.read((0, 0, 0), (2, 40, 50)).flags.owndata
    volume.close()


@pytest.mark.parametrize("layout", [{}, {"tile": (16, 32)}, {"rowsperstrip": 7}])
@pytest.mark.parametrize(
    ("compression", "predictor"),
    [(None, False), ("packbits", False), *product(["zlib", "lzw", "zstd", "lzma"], [False, True])],
)
def test_compressed_strips_and_tiles(
    tmp_path: Path, compression: str | None, layout: dict[str, Any], predictor: bool
) -> None:
    array = cells((5, 40, 50), "u4")
    path = saved(tmp_path / "cells.tif", array, compression=compression, predictor=predictor, metadata=None, **layout)
    volume = open_volume(path)
    chunk = layout.get("tile") or (layout.get("rowsperstrip", 40), 50)
    if not volume.header.resident:
        assert volume.header.chunks == (1, *chunk)
    assert_reads(volume, array)
    volume.close()


def test_tiles_of_several_slices(tmp_path: Path) -> None:
    array = cells((20, 40, 50))
    path = saved(tmp_path / "cells.tif", array, tile=(16, 16, 16), volumetric=True, compression="zlib")
    volume = open_volume(path)
    assert volume.header.chunks == (16, 16, 16)
    assert_reads(volume, array)
    volume.close()


def test_pages_one_by_one(tmp_path: Path) -> None:
    array = cells((5, 40, 50))
    with tifffile.TiffWriter(tmp_path / "cells.tif") as tif:
        for page in array:
            tif.write(page, contiguous=False, metadata=None)
    volume = open_volume(tmp_path / "cells.tif")
    assert_reads(volume, array)
    volume.close()


def test_bigtiff(tmp_path: Path) -> None:
    array = cells((5, 40, 50))
    volume = open_volume(saved(tmp_path / "cells.btf", array, bigtiff=True, compression="zlib"))
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(
    ("unit", "name"), [("um", "micrometer"), ("micron", "micrometer"), ("\\u00B5m", "micrometer"), ("nm", "nanometer")]
)
def test_imagej(tmp_path: Path, compression: str | None, unit: str, name: str) -> None:
    array = cells((5, 40, 50))
    path = saved(
        tmp_path / "cells.tif", array, imagej=True, compression=compression, resolution=(1 / 0.25, 1 / 0.5),
        metadata={"spacing": 1.5, "unit": unit, "axes": "ZYX"},
    )  # fmt: skip
    volume = open_volume(path)
    assert volume.header.spacing == pytest.approx((1.5, 0.5, 0.25))
    assert volume.header.unit == name
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize("unit", ["inch", "inches", "in", "\\u0022"])
def test_imagej_in_inches(tmp_path: Path, unit: str) -> None:
    metadata = {"spacing": 1e-4, "unit": unit, "axes": "ZYX"}
    path = saved(tmp_path / "a.tif", cells((5, 40, 50)), imagej=True, resolution=(20_000, 20_000), metadata=metadata)
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == ((2.54, 1.27, 1.27), "micrometer")
    volume.close()


def test_imagej_in_inches_that_are_large(tmp_path: Path) -> None:
    metadata = {"spacing": 1e-3, "unit": "inch", "axes": "ZYX"}
    path = saved(tmp_path / "a.tif", cells((5, 40, 50)), imagej=True, resolution=(2540, 2540), metadata=metadata)
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == ((25.4, 10, 10), "micrometer")
    volume.close()
    metadata = {"spacing": 1, "unit": "inch", "axes": "ZYX"}
    path = saved(tmp_path / "b.tif", cells((5, 40, 50)), imagej=True, resolution=(300, 300), metadata=metadata)
    volume = open_volume(path)
    assert volume.header.spacing is None
    assert "ImageJ says 300 pixels per inch, which is a size on paper" in volume.header.notes[0]
    volume.close()


def test_imagej_in_centimeters_by_the_tag_alone(tmp_path: Path) -> None:
    options: dict[str, Any] = {"imagej": True, "resolution": (50_000, 50_000), "resolutionunit": "CENTIMETER"}
    volume = open_volume(saved(tmp_path / "a.tif", cells((40, 50)), **options))
    assert (volume.header.spacing, volume.header.unit) == ((1, 0.2, 0.2), "micrometer")
    volume.close()
    for metadata, told in (
        ({}, "no distance of slices"),
        ({"spacing": 0.5}, "a distance of slices of 0.5 without a unit"),
    ):
        path = saved(tmp_path / "b.tif", cells((5, 40, 50)), metadata={"axes": "ZYX", **metadata}, **options)
        volume = open_volume(path)
        assert volume.header.spacing is None
        assert f"TIFF says a pixel of 0.2 x 0.2 µm (y, x), and ImageJ {told}" in volume.header.notes[0]
        volume.close()


def test_imagej_2d(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.tif", cells((40, 50)), imagej=True, resolution=(4, 2), metadata={"unit": "um"})
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == ((1.0, 0.5, 0.25), "micrometer")
    volume.close()


def test_imagej_without_spacing_means_one(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "cells.tif", cells((5, 40, 50)), imagej=True, resolution=(4, 4),
        metadata={"unit": "um", "axes": "ZYX"},
    )  # fmt: skip
    volume = open_volume(path)
    assert volume.header.spacing == (1.0, 0.25, 0.25)
    assert "--spacing" in volume.header.notes[0]
    volume.close()


@pytest.mark.parametrize("metadata", [{}, {"unit": "pixel", "spacing": 2.0}, {"unit": "inch", "spacing": 2.0}])
def test_imagej_without_a_unit_of_length_says_nothing(tmp_path: Path, metadata: dict[str, Any]) -> None:
    path = saved(
        tmp_path / "cells.tif",
        cells((5, 40, 50)),
        imagej=True,
        resolution=(72, 72),
        metadata={**metadata, "axes": "ZYX"},
    )
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == (None, None)
    volume.close()


@pytest.mark.parametrize("unit", ["µm", "nm", "mm"])
def test_ome(tmp_path: Path, unit: str) -> None:
    array = cells((5, 40, 50), "u4")
    sizes = {f"PhysicalSize{axis}": size for axis, size in zip("ZYX", (3.0, 2.0, 1.5), strict=True)}
    units = {f"PhysicalSize{axis}Unit": unit for axis in "ZYX"}
    path = saved(
        tmp_path / "cells.ome.tif", array, ome=True, compression="zlib", tile=(16, 16),
        metadata={"axes": "ZYX", **sizes, **units},
    )  # fmt: skip
    volume = open_volume(path)
    assert volume.header.spacing == (3.0, 2.0, 1.5)
    assert volume.header.unit == {"µm": "micrometer", "nm": "nanometer", "mm": "millimeter"}[unit]
    assert_reads(volume, array)
    volume.close()


def test_ome_with_different_units(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "cells.ome.tif", cells((5, 40, 50)), ome=True,
        metadata={"axes": "ZYX", "PhysicalSizeZ": 0.04, "PhysicalSizeY": 32.0, "PhysicalSizeYUnit": "nm",
                  "PhysicalSizeX": 32.0, "PhysicalSizeXUnit": "nm"},
    )  # fmt: skip
    volume = open_volume(path)
    assert volume.header.spacing == pytest.approx((40.0, 32.0, 32.0))
    assert volume.header.unit == "nanometer"
    volume.close()


@pytest.mark.parametrize("sizes", [{}, {"PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0}])
def test_ome_without_all_sizes_is_not_used(tmp_path: Path, sizes: dict[str, float]) -> None:
    path = saved(tmp_path / "cells.ome.tif", cells((5, 40, 50)), ome=True, metadata={"axes": "ZYX", **sizes})
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == (None, None)
    assert any("some axes" in note for note in volume.header.notes) == bool(sizes)
    volume.close()


def save_ome_in_two_files(folder: Path, array: Array, compressions: tuple[str | None, str | None]) -> Path:
    uuids = [f"urn:uuid:00000000-0000-0000-0000-00000000000{i}" for i in range(2)]
    planes = "".join(
        f'<TiffData FirstZ="{i}" IFD="0" PlaneCount="1"><UUID FileName="part{i}.ome.tif">{uuid}</UUID></TiffData>'
        for i, uuid in enumerate(uuids)
    )
    for i, uuid in enumerate(uuids):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuid}"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="16" SizeY="16" SizeZ="2" SizeC="1" '
            f'SizeT="1">{planes}</Pixels></Image></OME>'
        )
        path = folder / f"part{i}.ome.tif"
        saved(path, array[i], description=xml, metadata=None, compression=compressions[i])
    return folder / "part0.ome.tif"


@pytest.mark.parametrize("compression", ["zlib", None])
def test_ome_of_several_files(tmp_path: Path, compression: str | None) -> None:
    array = cells((2, 16, 16))
    path = save_ome_in_two_files(tmp_path, array, (compression, compression))
    volume = open_volume(path)
    assert_reads(volume, array)
    volume.close()
    (tmp_path / "part1.ome.tif").unlink()
    with pytest.raises(FormatError, match="planes are missing"):
        open_volume(path)


def test_pages_that_differ_in_compression_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"differ|damaged"):
        open_volume(save_ome_in_two_files(tmp_path, cells((2, 16, 16)), ("zlib", None)))


def test_pyramid_reads_the_finest(tmp_path: Path) -> None:
    array = cells((64, 64))
    with tifffile.TiffWriter(tmp_path / "cells.tif") as tif:
        tif.write(array, subifds=1, tile=(16, 16), compression="zlib")
        tif.write(array[::2, ::2], subfiletype=1, tile=(16, 16), compression="zlib")
    volume = open_volume(tmp_path / "cells.tif")
    assert "2 resolutions" in volume.header.notes[0]
    assert_reads(volume, array[np.newaxis])
    volume.close()


def two_series(path: Path, second: Array) -> Path:
    with tifffile.TiffWriter(path) as tif:
        tif.write(cells((5, 16, 16)))
        tif.write(second, photometric="rgb" if second.shape[-1] == 3 else "minisblack")
    return path


def test_the_only_series_that_could_be_labels_is_found(tmp_path: Path) -> None:
    volume = open_volume(two_series(tmp_path / "cells.tif", np.zeros((20, 20, 3), "u1")))
    assert_reads(volume, cells((5, 16, 16)))
    volume.close()


def test_several_series_are_listed_and_chosen(tmp_path: Path) -> None:
    path = two_series(tmp_path / "cells.tif", cells((6, 20, 24), seed=1))
    with pytest.raises(ParameterError, match=r"as .*\.tif:0 or with.*0 \(5, 16, 16\).*1 \(6, 20, 24\)"):
        open_volume(path)
    for chosen in (open_volume(f"{path}:1"), open_volume(path, dataset="1")):
        assert chosen.header.source == f"{path}:1"
        assert_reads(chosen, cells((6, 20, 24), seed=1))
        chosen.close()
    with pytest.raises(NotFoundError, match="no dataset '7'"):
        open_volume(f"{path}:7")


@pytest.mark.parametrize("compression", [None, "lzw"])
def test_images_written_one_by_one_are_slices(tmp_path: Path, compression: str | None) -> None:
    array = cells((6, 20, 30), "u2")
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for plane in array:
            tif.write(plane, compression=compression)
    volume = open_volume(tmp_path / "a.tif")
    assert "its 6 images of one size and type are taken as slices" in volume.header.notes[0]
    assert_reads(volume, array)
    volume.close()
    second = open_volume(tmp_path / "a.tif:1")
    assert_reads(second, array[1:2])
    second.close()


def test_images_of_ome_are_no_slices(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        for plane in cells((2, 20, 30), "u2"):
            tif.write(plane)
    with pytest.raises(ParameterError, match=r"it has 2; choose one, as .*\.tif:0"):
        open_volume(tmp_path / "a.ome.tif")


def test_resolution_in_inches_is_no_voxel_size(tmp_path: Path) -> None:
    for unit in ("INCH", "NONE"):
        path = saved(tmp_path / "cells.tif", cells((40, 50)), resolution=(72, 72), resolutionunit=unit)
        volume = open_volume(path)
        assert (volume.header.spacing, volume.header.unit) == (None, None)
        volume.close()


def test_resolution_in_centimeters_is_one_if_it_is_microscopic(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", cells((40, 50)), resolution=(20000, 10000), resolutionunit="CENTIMETER")
    volume = open_volume(path)
    assert volume.header.spacing == pytest.approx((1.0, 1.0, 0.5))
    assert volume.header.unit == "micrometer"
    volume.close()
    path = saved(tmp_path / "b.tif", cells((40, 50)), resolution=(28.35, 28.35), resolutionunit="CENTIMETER")
    volume = open_volume(path)
    assert volume.header.spacing is None
    volume.close()


def test_time_is_no_z_unless_the_user_says_so(tmp_path: Path) -> None:
    array = cells((5, 40, 50))
    path = saved(tmp_path / "cells.tif", array, imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(FormatError, match="--axes zyx"):
        open_volume(path)
    volume = open_volume(path, reading=Reading(axes="zyx"))
    assert_reads(volume, array)
    volume.close()


def test_one_page_of_a_stack_is_2d(tmp_path: Path) -> None:
    volume = open_volume(saved(tmp_path / "cells.tif", cells((1, 40, 50))))
    assert volume.header.ndim == 2
    volume.close()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}])
@pytest.mark.filterwarnings("ignore:.*are stored as RGB.*:DeprecationWarning")  # by tifffile, and the point here
def test_a_stack_of_three_slices_is_no_colour_image(
    tmp_path: Path, compression: str | None, layout: dict[str, Any]
) -> None:
    array = cells((3, 40, 50))
    volume = open_volume(saved(tmp_path / "cells.tif", array, compression=compression, **layout))
    assert "slices" in volume.header.notes[0]
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_floats(tmp_path: Path, compression: str | None) -> None:
    array = cells((5, 20, 30)).astype("f4")
    volume = open_volume(saved(tmp_path / "a.tif", array, compression=compression))
    assert volume.header.notes
    assert_reads(volume, array.astype("i8"))
    volume.close()
    array[2, 5, 7] = 0.5
    volume = open_volume(saved(tmp_path / "b.tif", array, compression=compression))
    with pytest.raises(LabelError, match=r"0\.5 at \(z, y, x\) = \(2, 5, 7\)"):
        volume.read((1, 2, 2), (5, 20, 30))
    volume.close()


@pytest.mark.parametrize(
    ("array", "options"),
    [
        (np.zeros((40, 50, 3), "u1"), {"photometric": "rgb"}),
        (np.zeros((40, 50, 4), "u1"), {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        (np.zeros((4, 40, 50, 3), "u1"), {"photometric": "rgb"}),
        (np.zeros((3, 40, 50), "u1"), {"photometric": "rgb", "planarconfig": "separate"}),
        (np.zeros((2, 40, 50), "u2"), {"imagej": True, "metadata": {"axes": "CYX"}}),
        (np.zeros((2, 3, 40, 50), "u2"), {"imagej": True, "metadata": {"axes": "TZYX"}}),
        (np.zeros((2, 3, 40, 50), "u2"), {"photometric": "minisblack"}),
        (np.zeros((40, 50), "u1"), {"compression": "jpeg"}),
    ],
)
def test_what_is_no_label_image_is_refused(tmp_path: Path, array: Array, options: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match=r"expected.*export"):
        open_volume(saved(tmp_path / "cells.tif", array, **options))


def test_complex_voxels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="complex64"):
        open_volume(saved(tmp_path / "cells.tif", np.zeros((40, 50), "c8")))


LAYOUTS: list[dict[str, Any]] = [
    {},
    {"compression": "zlib"},
    {"compression": "zlib", "tile": (16, 16), "metadata": None},
    {"imagej": True},
    {"ome": True, "compression": "lzw"},
    {"bigtiff": True, "metadata": None},
]


@pytest.mark.parametrize("options", LAYOUTS)
@pytest.mark.parametrize("left", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_truncated_files_are_found_when_they_are_opened(tmp_path: Path, options: dict[str, Any], left: float) -> None:
    path = saved(tmp_path / "cells.tif", cells((7, 40, 50)), **options)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left * len(whole))])
    with pytest.raises(FormatError, match=r"cut short|damaged|does not begin|no pages"):
        open_volume(path)


def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    array = cells((5, 40, 50))
    path = saved(tmp_path / "cells.tif", array, compression="zlib", metadata=None)
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[2].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(data)
    volume = open_volume(path)
    np.testing.assert_array_equal(volume.read((0, 0, 0), (2, 40, 50)), array[:2])
    with pytest.raises(VolumeReadError, match=r"cells\.tif: page 3, strip 1 does not decode"):
        volume.read((1, 0, 0), (5, 40, 50))
    volume.close()


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path, compression: str | None) -> None:
    path = saved(tmp_path / "cells.tif", cells((40, 64, 64)), compression=compression)
    volume = open_volume(path)
    before = volume.fingerprint()
    with path.open("r+b") as file:
        file.truncate(5000)
    assert volume.fingerprint() != before
    with pytest.raises(VolumeReadError, match=r"shorter|cut short"):
        volume.read((30, 0, 0), (40, 64, 64))
    volume.close()


@pytest.mark.parametrize(
    "contents", [b"II*\0", b"II*\0\x08\0\0\0\0\0", b"II*\0\0\0\0\0\0\0\0\0", b"MM\0*" + b"\xff" * 60]
)
def test_damaged_headers(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "cells.tif").write_bytes(contents)
    with pytest.raises(FormatError, match=r"cells\.tif: expected"):
        open_volume(tmp_path / "cells.tif")


def test_directories_in_a_circle_end(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.tif", cells((5, 40, 50)), metadata=None, compression="zlib")
    with tifffile.TiffFile(path) as tif:
        first, last = tif.pages[0].offset, tif.pages[4].offset
    data = bytearray(path.read_bytes())
    entries = int.from_bytes(data[last : last + 2], "little")
    after = last + 2 + 12 * entries
    data[after : after + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    volume = open_volume(path)
    assert_reads(volume, cells((5, 40, 50)))
    volume.close()
