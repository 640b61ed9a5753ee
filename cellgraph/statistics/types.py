"""A column of cells that gives the type of each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import ParameterError
from cellgraph.statistics.network import SampleNetwork

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

MOST_TYPES = 200


@dataclass(frozen=True)
class Types:
    """The types in some samples, and the type of each of their cells.

    Attributes
    ----------
    names : pyarrow.Array
        The t distinct values of the column, sorted.
    codes : tuple of numpy.ndarray of int64
        For each sample, the type number of each cell; -1 for cells without a type.
    """

    names: pa.Array
    codes: tuple[Array, ...]


def types_of(networks: Sequence[SampleNetwork], by: str) -> Types:
    """Return the types in a column.

    Raises
    ------
    ParameterError
        If the column has more than `MOST_TYPES` distinct values.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [_without_nan(network.columns[by]) for network in networks]
    if len({column.type for column in columns}) > 1:  # Neo4j columns have no fixed type
        columns = [column.cast(pa.string()) for column in columns]
    every = pa.chunked_array(columns)
    names = pc.unique(every).drop_null()
    if len(names) > MOST_TYPES:
        raise ParameterError(
            f"the column {by!r} has {len(names):,} different values; a column of types has at most {MOST_TYPES}: "
            "choose another one, or group its values into classes and annotate the cells with those."
        )
    names = names.take(pc.sort_indices(names))
    codes = (pc.fill_null(pc.index_in(column, value_set=names), -1) for column in columns)
    return Types(names, tuple(code.to_numpy(zero_copy_only=False).astype(np.int64) for code in codes))


def _without_nan(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def as_text(names: pa.Array) -> list[str]:
    """Return types as column names."""
    texts = [str(name).lower() if isinstance(name, bool) else str(name) for name in names.to_pylist()]
    return [text if text.strip() else repr(text) for text in texts]
