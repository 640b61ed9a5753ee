"""Estimate how many cells are within k contacts of each cell, for k so large that a search from each takes too long.

The method is HyperANF (Boldi, Rosa and Vigna 2011).  Every cell has a HyperLogLog counter (Flajolet et al. 2007) of the
cells within k contacts: the union of its own and its neighbours' counters for k - 1.  A hop takes one pass over the
contacts, no matter how many cells are within reach.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError
from cellgraph.machine import cores, free_memory

if TYPE_CHECKING:
    import numpy as np

    from cellgraph.adjacency.matrix import Adjacency

_MOST = 1024
_LEAST = 16
_PART = 16_384


def registers_for(cells: int) -> int:
    """Return the number of registers per counter: up to 1,024, such that two sets fit in a quarter of the free memory.

    Raises
    ------
    InputError
        If fewer than 16 fit.
    """
    registers = _MOST
    while 2 * registers * cells > free_memory() // 4:
        registers //= 2
    if registers < _LEAST:
        raise InputError(f"{cells:,} cells need {8 * _LEAST * cells / 1e9:.0f} GB of free memory to be estimated.")
    return registers


def standard_error(registers: int) -> float:
    """Return the relative standard error of a count (Flajolet et al. 2007)."""
    return 1.04 / math.sqrt(registers)


def estimated_within(
    graph: Adjacency, k: int, *, registers: int, check: Callable[[], object] | None = None
) -> np.ndarray[Any, Any]:
    """Estimate how many other cells are within 1, 2, … k contacts of each cell.

    Parameters
    ----------
    graph : Adjacency
    k : int
    registers : int
        Per counter: a power of 2, at least 16.
    check : callable, optional
        Called before each hop; an exception that it raises ends the count.

    Returns
    -------
    numpy.ndarray of float32, shape (n, k)
        Never decreases from one hop to the next.  Each number has the relative `standard_error`; small ones have less.
    """
    import numpy as np

    from cellgraph.adjacency.kernels import estimate_counts, first_registers, unite_registers

    n = len(graph.labels)
    counters = np.zeros((n, registers), np.uint8)
    first_registers(counters)
    wider = np.empty_like(counters)
    within = np.empty((n, k), np.float32)
    starts = range(0, n, _PART)

    def widen(start: int) -> bool:
        part = slice(start, start + _PART)
        changed = bool(unite_registers(graph.indptr, graph.indices, counters, wider, start, min(start + _PART, n)))
        if changed:
            estimate_counts(wider[part], within[part, hop])
        elif hop:
            within[part, hop] = within[part, hop - 1]
        else:
            within[part, hop] = 0.0
        return changed

    with ThreadPoolExecutor(cores()) as threads:
        for hop in range(k):
            if check is not None:
                check()
            changed = list(threads.map(widen, starts))
            counters, wider = wider, counters
            if not any(changed):
                within[:, hop + 1 :] = within[:, hop : hop + 1]
                break
    return np.maximum.accumulate(np.maximum(within - 1, 0), axis=1)
