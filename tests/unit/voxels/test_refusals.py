"""What a sweep refuses, and how it says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cellgraph.errors import InputError, LabelError, ParameterError
from cellgraph.live.slabs import Sweep
from cellgraph.loading.arrays import sweep

Array = np.ndarray[Any, Any]

VOLUME = np.array([[[1, 2], [0, 3]]])


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_negative_labels_are_refused_with_a_way_out(dtype: str) -> None:
    labels = np.array([[3, -1], [0, 5]], dtype)
    for background in (0, 3, None, -2):
        with pytest.raises(LabelError, match=r"must not be negative, but the label -1 occurs.*background=-1"):
            sweep(labels, background=background)
    assert sweep(labels, background=-1).cells["label"].to_pylist() == [0, 3, 5]


@pytest.mark.parametrize("label", [2**63, 2**64 - 1])
def test_labels_above_the_largest_are_refused_never_wrapped(label: int) -> None:
    labels = np.array([[1, 2**63 - 1], [0, label]], np.uint64)
    for background in (0, None):
        with pytest.raises(LabelError, match=rf"at most 2\*\*63-1.*the label {label} occurs; .*background={label}"):
            sweep(labels, background=background)
    graph = sweep(labels, background=label)
    assert graph.cells["label"].to_pylist() == [0, 1, 2**63 - 1]
    assert graph.cells["background_faces"].to_pylist() == [1, 0, 1]


@pytest.mark.parametrize("background", [-(2**63) - 1, 2**64])
def test_a_background_that_no_voxel_can_have_is_refused(background: int) -> None:
    with pytest.raises(ParameterError, match=rf"a label that a voxel can have, .* got {background}$"):
        sweep(VOLUME, background=background)


@pytest.mark.parametrize("background", [1.5, 1.0, "none", "0", [0]])
def test_a_background_that_is_no_whole_number_is_refused(background: Any) -> None:
    with pytest.raises(ParameterError, match=r"a label \(a whole number\), or None .* got "):
        sweep(VOLUME, background=background)


def test_numbers_of_numpy_are_numbers() -> None:
    graph = sweep(VOLUME, background=np.uint8(1), spacing=np.array([2, 1, 1], np.float32), connectivity=np.int64(6))
    assert (graph.sample.background, graph.sample.spacing) == (1, (2.0, 1.0, 1.0))
    assert type(graph.sample.background) is int


@pytest.mark.parametrize("named", [{"name": 5}, {"unit": 5}])
def test_names_and_units_are_texts(named: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="to be a string, got 5"):
        sweep(VOLUME, **named)


def test_the_background_of_one_type_is_none_of_another() -> None:
    labels = np.array([[-1, 255]], np.int16)
    assert sweep(labels.astype(np.uint8), background=-1).cells["label"].to_pylist() == [255]
    assert sweep(labels, background=-1).cells["label"].to_pylist() == [255]


def test_a_wrong_label_is_found_wherever_it_is() -> None:
    labels = np.ones((3, 40, 50), np.int32)
    labels[2, 39, 49] = -7
    with pytest.raises(LabelError, match="-7"):
        sweep(labels)
    fed = Sweep()
    fed.feed(labels[:2])
    with pytest.raises(LabelError, match="-7"):
        fed.feed(labels[2:])
    # What was refused leaves no trace.
    assert fed.feed(np.ones((1, 40, 50), np.int32)).result().cells["voxels"].to_pylist() == [6000]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_labels_only_if_they_are_whole(dtype: str) -> None:
    labels = np.array([[1, 2], [0, 3]], dtype)
    graph, expected = sweep(labels), sweep(labels.astype(int))
    assert graph.cells == expected.cells
    assert graph.contacts == expected.contacts
    for wrong in (2.5, np.nan, np.inf, -np.inf):
        labels[1, 1] = wrong
        with pytest.raises(LabelError, match=rf"the value {wrong} at \(z, y, x\) = \(0, 1, 1\) is no whole number"):
            sweep(labels)
    labels[1, 1] = -1
    with pytest.raises(LabelError, match="-1"):
        sweep(labels)


@pytest.mark.parametrize(
    "labels", [np.array(["a", "b"]).reshape(1, 2), np.array([[1j, 2j]]), np.array([["2020-01-01"]], "M8[D]")]
)
def test_what_is_no_number_is_refused(labels: Array) -> None:
    with pytest.raises(LabelError, match=r"expected labels \(whole numbers or booleans\), but the voxels are of type"):
        sweep(labels)


@pytest.mark.parametrize("extent", [(), (4,), (2, 2, 2, 2), (1, 1, 1, 1, 1)])
def test_other_than_two_or_three_dimensions_are_refused(extent: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=rf"got {len(extent)} dimension"):
        sweep(np.ones(extent, int))


@pytest.mark.parametrize("extent", [(0, 3), (3, 0), (2, 0, 3)])
def test_empty_arrays_are_refused(extent: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="holds no voxels"):
        sweep(np.ones(extent, int))


@pytest.mark.parametrize(
    ("labels", "connectivity"),
    [(VOLUME, 4), (VOLUME, 8), (VOLUME, 0), (VOLUME, 7), (VOLUME, -6), (VOLUME[0], 5), (VOLUME[0], 0)],
)
def test_an_unknown_connectivity_is_refused(labels: Array, connectivity: int) -> None:
    with pytest.raises(ParameterError, match=rf"connectivity.*got {connectivity}"):
        sweep(labels, connectivity=connectivity)


@pytest.mark.parametrize(
    ("labels", "spacing"),
    [
        (VOLUME, (1, 1)),
        (VOLUME, (1, 1, 1, 1)),
        (VOLUME, ()),
        (VOLUME, (1, 0, 1)),
        (VOLUME, (1, -1, 1)),
        (VOLUME, (1, float("nan"), 1)),
        (VOLUME, (1, float("inf"), 1)),
        (VOLUME[0], (1, 1, 1)),
        (VOLUME, 2.0),
        (VOLUME, "1,1,1"),
        (VOLUME[0], ("a", 1)),
    ],
)
def test_an_impossible_spacing_is_refused(labels: Array, spacing: Any) -> None:
    with pytest.raises(ParameterError, match="spacing"):
        sweep(labels, spacing=spacing)


def test_slabs_that_do_not_fit_are_refused() -> None:
    fed = Sweep().feed(np.ones((2, 3, 4), int))
    with pytest.raises(InputError, match=r"shape \(3, 4\).*got \(4, 3\)"):
        fed.feed(np.ones((2, 4, 3), int))
    with pytest.raises(InputError, match="slice 1 was already fed"):
        fed.feed(np.ones((2, 3, 4), int), 1)
    with pytest.raises(InputError, match="the z of a slice: a whole number of 0 or more, got -1"):
        fed.feed(np.ones((1, 3, 4), int), -1)
    with pytest.raises(InputError, match="only 0 to 1, 5 to 5 were fed"):
        fed.feed(np.ones((3, 4), int), 5).result()
    with pytest.raises(InputError, match="at least one slab"):
        Sweep().result()
    with pytest.raises(ParameterError, match="background=1"):
        fed.merge(Sweep(background=1))
    with pytest.raises(ParameterError, match="expected a Sweep to merge, got 3"):
        fed.merge(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [{"z": "a"}, {"z": 0.5}, {"number": 1.5}, {"number": -1}, {"z": 3, "number": 1}])
def test_a_slab_is_at_a_whole_number(place: dict[str, Any]) -> None:
    fed = Sweep()
    with pytest.raises(ParameterError, match=r"expected (the z of a slice|the number of a slab|z or number)"):
        fed.feed(VOLUME, **place)
    assert fed.depth == 0
