"""The numbers in the names of slices: which a name has, and which are missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain, islice, pairwise
from pathlib import PurePath


def numbers_in(name: str) -> tuple[int, ...]:
    """Return the numbers in the name of a file, without its extension."""
    return tuple(int(number) for number in re.findall(r"\d+", PurePath(name).stem))


def number_in(name: str) -> int | None:
    """Return the last of them, which is that of a slice; None if there is none."""
    return next(reversed(numbers_in(name)), None)


def gaps(depths: Mapping[int, int]) -> list[range]:
    """Return the numbers between the first and the last slab of which there is no slab.

    The number of a slab is taken for that of its first slice, as in 0, 5, 10 of slabs of 5 slices, unless they would
    overlap; then it is its place among the slabs, as in 0, 1, 2.  Where no slab follows on another, and there are more
    numbers between them than slabs, they are no count but something like times, and nothing is missing.

    Parameters
    ----------
    depths : mapping
        The number of each slab, and how many slices it has.
    """
    pairs = list(pairwise(sorted(depths)))
    overlap = any(below + depths[below] > above for below, above in pairs)
    between = [range(below + (1 if overlap else depths[below]), above) for below, above in pairs]
    if all(between) and sum(gap.stop - gap.start for gap in between) > len(depths):
        return []
    return [gap for gap in between if gap]


def listed(missing: Iterable[range], most: int) -> str:
    """Return the first missing numbers as part of a sentence."""
    first = list(islice(chain.from_iterable(missing), most + 1))
    return ", ".join(map(str, first[:most])) + (", …" if len(first) > most else "")
