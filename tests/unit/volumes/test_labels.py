"""Voxel values as labels, and the axes and arrays that hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from volume_reading import assert_reads, cells

from cellgraph.errors import CellgraphError, FormatError, LabelError, ParameterError
from cellgraph.volumes import open_volume
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.units import convert, unit_name

Array = np.ndarray[Any, Any]
TYPES = ["bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_integers_and_booleans_stay_as_they_are(dtype: str, order: str) -> None:
    array = cells((3, 5, 4), dtype)
    volume = open_volume(array.astype(array.dtype.newbyteorder(order)))
    assert volume.header.dtype == np.dtype(dtype)
    assert not volume.header.notes
    assert_reads(volume, array)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_whole_floats_become_integers_with_a_note(dtype: str) -> None:
    array = cells((2, 6, 5), "i8") - 3
    volume = open_volume(array.astype(dtype))
    assert volume.header.dtype == np.int64
    assert "whole number" in volume.header.notes[0]
    assert_reads(volume, array)


@pytest.mark.parametrize("value", [2.5, np.nan, np.inf, -np.inf, 1e-3])
def test_other_floats_are_refused_with_value_and_place(value: float) -> None:
    array = np.ones((3, 4, 5), "f4")
    array[2, 1, 3] = value
    volume = open_volume(array)
    volume.read((0, 0, 0), (2, 4, 5))
    with pytest.raises(LabelError, match=r"\(z, y, x\) = \(2, 1, 3\).*(segment|round)") as caught:
        volume.read((1, 1, 2), (3, 4, 5))
    assert f"{np.float32(value):g}" in str(caught.value)


@pytest.mark.parametrize(("dtype", "value"), [("f4", 2.0**24), ("f8", 2.0**53), ("f8", 1e300), ("f4", -(2.0**30))])
def test_floats_too_large_to_be_told_apart_are_refused(dtype: str, value: float) -> None:
    array = np.ones((4, 4), dtype)
    array[1, 2] = value
    with pytest.raises(LabelError, match=r"\(0, 1, 2\).*integer type"):
        open_volume(array).read((0, 0, 0), (1, 4, 4))


@pytest.mark.parametrize("dtype", ["c8", "M8[s]", "U3", "O", "i4,f4"])
def test_other_types_are_refused(dtype: str) -> None:
    with pytest.raises(LabelError, match="expected labels"):
        open_volume(np.zeros((4, 4), dtype))


@pytest.mark.parametrize("shape", [(), (7,), (2, 3, 4, 5), (2, 1, 3, 4, 5), (0, 4, 4), (4, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(FormatError, match="expected a 2D or 3D labelled image"):
        open_volume(np.zeros(shape, int))


@pytest.mark.parametrize("samples", [3, 4])
def test_colour_images_are_refused(samples: int) -> None:
    with pytest.raises(FormatError, match=r"colour.*one channel"):
        open_volume(np.zeros((32, 40, samples), "u1"))


def test_narrow_volumes_are_no_colour_images() -> None:
    assert open_volume(np.zeros((32, 40, 3), "u2")).header.ndim == 3
    assert open_volume(np.zeros((6, 7, 3), "u1")).header.ndim == 3


def test_leading_axes_of_length_one_are_dropped() -> None:
    array = cells((1, 1, 4, 5, 6))
    assert_reads(open_volume(array), array[0, 0])


def test_one_slice_is_a_2d_image() -> None:
    volume = open_volume(cells((1, 5, 6)))
    assert volume.header.ndim == 2
    assert "2D" in volume.header.notes[0]


def test_2d_has_no_note() -> None:
    array = cells((5, 6))
    volume = open_volume(array)
    assert (volume.header.ndim, volume.header.notes, volume.header.spacing) == (2, (), None)
    assert_reads(volume, array[np.newaxis])


@pytest.mark.parametrize("change", [np.asfortranarray, lambda a: a[:, ::-1, ::-1], lambda a: a.transpose(2, 0, 1)])
def test_any_strides(change: Any) -> None:
    array = change(cells((4, 5, 6)))
    assert_reads(open_volume(array), array)


def test_an_array_has_no_dataset() -> None:
    with pytest.raises(ParameterError, match="no datasets"):
        open_volume(cells((4, 4)), dataset="labels")


@pytest.mark.parametrize("array", [cells((8, 8)), cells((4, 70, 70), "bool")])
def test_the_fingerprint_of_an_array_follows_its_contents(array: Array) -> None:
    before = open_volume(array).fingerprint()
    array[0] = ~array[0]
    assert open_volume(array).fingerprint() != before


@pytest.mark.parametrize(
    ("shape", "names", "order", "zyx"),
    [
        ((4, 5, 6), "zyx", (0, 1, 2), (4, 5, 6)),
        ((6, 5, 4), "xyz", (2, 1, 0), (4, 5, 6)),
        ((1, 1, 4, 5, 6), "tczyx", (2, 3, 4), (4, 5, 6)),
        ((5, 6), "yx", (None, 0, 1), (1, 5, 6)),
        ((1, 5, 6), "cyx", (None, 1, 2), (1, 5, 6)),
        ((7, 5, 6), "qyx", (0, 1, 2), (7, 5, 6)),
    ],
)
def test_named_axes(shape: tuple[int, ...], names: str, order: tuple[Any, ...], zyx: tuple[int, ...]) -> None:
    axes = find_axes(shape, names, np.dtype("u2"), "volume")
    assert (axes.order, axes.shape) == (order, zyx)
    array = cells(shape)
    whole = axes.arranged(array[axes.selection((0, 0, 0), zyx)])
    assert whole.shape == zyx
    start, stop = (0, 1, 2), (1, 4, 5)
    expected = whole[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    np.testing.assert_array_equal(axes.arranged(array[axes.selection(start, stop)]), expected)


@pytest.mark.parametrize(
    ("shape", "names"), [((2, 5, 6), "cyx"), ((5, 6, 3), "yxs"), ((2, 3, 5, 6), "tzyx"), ((2, 3, 5, 6), "tqyx")]
)
def test_channels_colours_and_times_are_refused(shape: tuple[int, ...], names: str) -> None:
    with pytest.raises(FormatError, match=r"one (time point and one )?channel"):
        find_axes(shape, names, np.dtype("u2"), "volume")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("µm", "micrometer"), ("μm", "micrometer"), ("um", "micrometer"), ("micron", "micrometer"),
        ("microns", "micrometer"), ("\\u00B5m", "micrometer"), ("Micrometer", "micrometer"),
        ("micrometre", "micrometer"), ("micrometres", "micrometer"), ("nm", "nanometer"), ("nanometers", "nanometer"),
        ("mm", "millimeter"), ("MM", "millimeter"), ("cm", "centimeter"), ("m", "meter"), ("meter", "meter"),
        ("Å", "angstrom"),
        ("inch", "inch"), ("in", "inch"), ("furlong", None),
        ("\u212b", "angstrom"), ("angstrom", "angstrom"), ("pm", "picometer"), (b"um\0", "micrometer"),
        ("pixel", None), ("", None), ("M", None), (None, None), (3, None), ("sec", None),
    ],
)  # fmt: skip
def test_unit_names(text: object, name: str | None) -> None:
    assert unit_name(text) == name


def test_convert() -> None:
    assert convert(40, "nanometer", "micrometer") == pytest.approx(0.04)
    assert convert(0.1 + 0.2, "micrometer", "micrometer") == 0.1 + 0.2


def test_every_error_is_a_sentence_without_a_line_break() -> None:
    for bad in (np.zeros(3, int), np.zeros((4, 4), "c8")):
        with pytest.raises(CellgraphError) as caught:
            open_volume(bad)
        assert "\n" not in str(caught.value)
