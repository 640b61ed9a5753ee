"""Cells from which to draw the distribution of each sample: all of a small sample, a random subset of a large one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from cellgraph.phenotypes.selection import read_columns
from cellgraph.stores import open_store

Array = np.ndarray[Any, Any]

MOST_SAMPLES = 30
"""Number of samples up to which each has its own violin; pictures of more samples show means."""

_MOST_CELLS = 2000


def cells_of_samples(
    columns: str | Sequence[str],
    names: Sequence[str],
    db: str | os.PathLike[str] | None,
    where: str | None,
    sample: str | None,
) -> dict[str, Array]:
    """Return up to 2,000 random cells of each sample, the same on every call.

    Parameters
    ----------
    columns, db, where, sample
        As in `variation`.
    names : sequence of str
        The p of these columns to return.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n, p)
        By sample; NaN where a cell has no number.
    """
    random = np.random.default_rng(0)
    kept: dict[int, tuple[Array, Array]] = {}
    with open_store(db, read_only=True) as store:
        read = read_columns(store, columns, where=where, sample=sample)
        for block in read.blocks(names):
            values, keys = block.numbers(list(names)), random.random(len(block.samples))
            starts = np.flatnonzero(np.diff(block.samples, prepend=-1))
            for start, stop in zip(starts, [*starts[1:], len(keys)], strict=True):
                own = keys[start:stop], values[start:stop]
                number = int(block.samples[start])
                if number in kept:  # a large sample comes in several blocks
                    own = np.concatenate([kept[number][0], own[0]]), np.concatenate([kept[number][1], own[1]])
                kept[number] = _fewest(*own)
    return {read.samples[number]: values for number, (_, values) in kept.items()}


def _fewest(keys: Array, values: Array) -> tuple[Array, Array]:
    """Return the cells with the smallest keys: a random sample, as keys are random."""
    chosen = np.argsort(keys, kind="stable")[:_MOST_CELLS]
    return keys[chosen], values[chosen]
