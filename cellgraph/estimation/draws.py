"""Random ids of cells."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cellgraph.stores.contract import Store

Array = np.ndarray[Any, Any]

_RARE = 0.02  # Samples with less than this share of all ids are listed: random ids would seldom be theirs.
_QUICK = 2_000_000  # So are samples with fewer cells than this and less than half of all ids: it takes a second.


_OWN = "MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) WHERE s.name IN $names RETURN c.id AS id"
_STOP = "MATCH (s:Sample {status: 'complete'}) RETURN max(s.first_id + s.cells) AS stop"


class RandomIds:
    """Random ids without repetition, in an order fixed by a seed.

    Parameters
    ----------
    store : Store
        The store with the cells.
    samples : sequence of str
        The requested samples, all complete.
    cells : int
        Number of their cells.
    seed : int
        Another seed gives another order.
    """

    def __init__(self, store: Store, samples: Sequence[str], cells: int, seed: int) -> None:
        self._store = store
        self._samples = samples
        self._cells = cells
        self._random = np.random.default_rng(seed)
        self._taken = np.empty(0, np.int64)
        self._listed: Array | None = None  # the rest of a list in random order

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """Lower and upper bound (exclusive) of the ids of the requested cells."""
        own = self._own
        return (0, self.stop) if own is None else (int(own.min()), int(own.max()) + 1) if len(own) else (0, 0)

    @cached_property
    def stop(self) -> int:
        """One past the largest id of all cells of complete samples."""
        return int(self._store.run(_STOP, name="estimate")["stop"][0].as_py() or 0)

    def take(self, count: int) -> Array:
        """Return more ids, about `count` of which are ids of requested cells; none once all were taken."""
        if self._listed is None and self._own is not None:
            self._listed = self._random.permutation(self._own)
        if self._listed is None and 2 * len(self._taken) > self.stop:  # most draws would repeat earlier ones
            rest = np.setdiff1d(np.arange(self.stop), self._taken, assume_unique=True)
            self._listed = self._random.permutation(rest)
        if self._listed is not None:
            ids, self._listed = self._listed[:count], self._listed[count:]
            return ids
        wanted = min(-(-count * self.stop // self._cells), self.stop)
        ids = self._random.integers(0, self.stop, wanted)
        _, first = np.unique(ids, return_index=True)
        ids = ids[np.sort(first)]
        ids = ids[~np.isin(ids, self._taken)]
        self._taken = np.concatenate([self._taken, ids])
        return ids

    @cached_property
    def _own(self) -> Array | None:
        """The ids of all requested cells, sorted; None if it is better not to list them."""
        quick = self._cells <= _QUICK and 2 * self._cells < self.stop
        if not quick and self._cells >= _RARE * self.stop:
            return None
        found = self._store.run(_OWN, {"names": list(self._samples)}, name="estimate")
        ids: Array = np.sort(found["id"].to_numpy())
        return ids
