"""Permutation tests: permutations on all cores, and how a number compares with theirs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.machine import cores

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SAME = 1e-9
"""Relative difference up to which two sums are equal, allowing for the order of addition."""


def generator(seed: int, sample: str, number: int) -> np.random.Generator:
    """Return the random generator of one permutation of one sample, independent of which other samples are used."""
    import numpy as np

    return np.random.default_rng([seed, zlib.crc32(sample.encode()), number])


def permuted(answer: Callable[[int], Array], permutations: int) -> Iterator[Array]:
    """Yield the result of each permutation, in order, computed on all cores."""
    with ThreadPoolExecutor(cores()) as threads:
        at_once = 64 * cores()  # so that waiting results do not fill the memory
        for first in range(0, permutations, at_once):
            yield from threads.map(answer, range(first, min(first + at_once, permutations)))


@dataclass(frozen=True)
class Standing:
    """How numbers compare with those of permutations; all arrays have the same shape.

    Attributes
    ----------
    expected, sd : numpy.ndarray of float64
        Mean and standard deviation (of n, not n - 1) over the permutations.
    z : numpy.ndarray of float64
        (observed - expected) / sd; NaN where the permutations do not differ.
    p_gt, p_lt : numpy.ndarray of float64
        (1 + permutations with at least the observed value) / (1 + permutations); the same with at most (Phipson and
        Smyth 2010).
    p : numpy.ndarray of float64
        Two-sided: twice the smaller of `p_gt` and `p_lt`, at most 1.
    fdr : numpy.ndarray of float64
        `p` adjusted for all numbers here (Benjamini and Hochberg 1995).
    """

    expected: Array
    sd: Array
    z: Array
    p_gt: Array
    p_lt: Array
    p: Array
    fdr: Array


def stand(observed: Array, chance: Iterator[Array]) -> Standing:
    """Compare numbers with those of permutations, which are not kept."""
    import numpy as np
    from scipy.stats import false_discovery_control

    count = 0
    mean, squares = np.zeros_like(observed), np.zeros_like(observed)  # Welford's algorithm: exact where all are equal
    more, less = np.zeros_like(observed), np.zeros_like(observed)
    for value in chance:
        count += 1
        step = value - mean
        mean += step / count
        squares += step * (value - mean)
        near = _SAME * np.maximum(np.abs(value), np.abs(observed))
        more += value >= observed - near
        less += value <= observed + near
    sd = np.sqrt(squares / count)
    differ = sd > _SAME * np.maximum(np.abs(mean), np.abs(observed))
    z = np.divide(observed - mean, sd, out=np.full_like(observed, np.nan), where=differ)
    p_gt, p_lt = (more + 1) / (count + 1), (less + 1) / (count + 1)
    p = np.minimum(1.0, 2 * np.minimum(p_gt, p_lt))
    return Standing(mean, sd, z, p_gt, p_lt, p, false_discovery_control(p.ravel()).reshape(p.shape))
