"""The numbers in the names of slices."""

from __future__ import annotations

import pytest

from cellgraph.volumes.numbering import gaps, listed, number_in


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("s2_z010.tif", 10),
        ("7.ome.tif", 7),
        ("v2.tif", 2),
        ("slice.tif", None),
        ("t_20261122163000123456.png", 20261122163000123456),
    ],
)
def test_the_last_number_in_a_name(name: str, number: int | None) -> None:
    assert number_in(name) == number


@pytest.mark.parametrize(
    ("depths", "missing"),
    [
        ({}, []),
        ({3: 1}, []),
        ({1: 1, 2: 1, 5: 1, 6: 1}, [range(3, 5)]),
        ({0: 1, 2: 1, 4: 1}, [range(1, 2), range(3, 4)]),
        ({0: 5, 5: 5, 10: 5, 15: 2}, []),  # the number is that of the first slice of a slab,
        ({0: 5, 5: 5, 15: 5}, [range(10, 15)]),
        ({0: 5, 1: 5, 3: 5}, [range(2, 3)]),  # or its place
        ({20261122163000123456: 1, 20261122163001654321: 1, 20261122163003000000: 1}, []),  # or a time
    ],
)
def test_gaps(depths: dict[int, int], missing: list[range]) -> None:
    assert gaps(depths) == missing


def test_only_the_first_missing_numbers_are_listed() -> None:
    assert listed([range(3, 5)], 10) == "3, 4"
    assert listed([range(3, 5), range(10, 10**30)], 4) == "3, 4, 10, 11, …"
