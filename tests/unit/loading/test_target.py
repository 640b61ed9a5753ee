"""Names of samples, sizes in bytes, connectivity and spacing."""

from __future__ import annotations

import pytest

from cellgraph.errors import ParameterError
from cellgraph.loading.many import sample_names
from cellgraph.loading.parameters import parse_bytes, resolve_connectivity, resolve_spacing
from cellgraph.volumes.naming import sample_name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a/cells.ome.tif", "cells"),
        ("brain.zarr/0", "brain"),
        ("s3://bucket/scan/brain.zarr/", "brain"),
        ("file.h5:lab/cells", "file"),
        ("incoming/", "incoming"),
        ("scan.1.tif", "scan.1"),
        ("brain_atlas.nii.gz", "brain_atlas"),
    ],
)
def test_a_sample_is_named_after_its_file(source: str, name: str) -> None:
    assert sample_name(source) == name


def test_many_samples_are_told_apart_by_what_differs_in_their_paths() -> None:
    assert sample_names(["a/1/l.zarr", "a/2/l.zarr", "b/2/l.zarr", "x.h5:a", "x.h5:b", "q.tif"]) == {
        "a/1/l.zarr": "1_l",
        "a/2/l.zarr": "a_2_l",
        "b/2/l.zarr": "b_2_l",
        "x.h5:a": "x:a",
        "x.h5:b": "x:b",
        "q.tif": "q",
    }


@pytest.mark.parametrize(
    ("text", "size"), [("512MB", 512_000_000), ("2 GiB", 2**31), ("1.5k", 1500), ("100", 100), ("3tb", 3 * 10**12)]
)
def test_sizes_in_bytes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "1XB", "0"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="such as 512MB"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("given", "ndim", "used"), [(6, 2, 4), (4, 2, 4), (26, 2, 8), (8, 2, 8), (6, 3, 6), (18, 3, 18), (26, 3, 26)]
)
def test_connectivity_fits_the_image(given: int, ndim: int, used: int) -> None:
    assert resolve_connectivity(given, ndim) == used


@pytest.mark.parametrize(("given", "ndim"), [(4, 3), (8, 3), (7, 2), (0, 3)])
def test_other_connectivities_are_refused(given: int, ndim: int) -> None:
    with pytest.raises(ParameterError, match="expected a connectivity of"):
        resolve_connectivity(given, ndim)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 1.0, 0.0), (1.0, -1.0, 1.0), (1.0, 1.0, float("nan"))])
def test_impossible_spacings_are_refused(spacing: tuple[float, ...]) -> None:
    with pytest.raises(ParameterError, match="expected a spacing"):
        resolve_spacing(spacing, 3)
