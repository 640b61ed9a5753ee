"""The numbers in slice names: find them, and find missing ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain, islice, pairwise
from pathlib import PurePath


def numbers_in(name: str) -> tuple[int, ...]:
    """Return the numbers in a file name, without its extension."""
    return tuple(int(number) for number in re.findall(r"\d+", PurePath(name).stem))


def number_in(name: str) -> int | None:
    """Return the last number in a file name, the slice number; None if there is none."""
    return next(reversed(numbers_in(name)), None)


def gaps(depths: Mapping[int, int]) -> list[range]:
    """Return the numbers between the first and the last slab for which there is no slab.

    The number of a slab is assumed to be that of its first slice, as in 0, 5, 10 for slabs of 5 slices, unless slabs
    would overlap; then it is the position among the slabs, as in 0, 1, 2.  If no two slabs are adjacent and there are
    more numbers between them than slabs, the numbers are not a count but something like times, and nothing is missing.

    Parameters
    ----------
    depths : mapping
        The number of slices of each slab, by slab number.
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
