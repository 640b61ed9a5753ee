"""Headers of tables of relationships that are none: a first row, or the names of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellgraph.errors import InputError
from cellgraph.tables import roles
from cellgraph.tables.columns import quoted
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa

_MOST = 10_000


_INSTEAD = "it must have a row for each relationship instead, as source,target,junctions"


def refuse_matrix(table: TableFile) -> None:
    """Refuse a matrix of relationships: its first column holds the names of the others, or all are numbers.

    Raises
    ------
    InputError
        With what is expected instead.
    """
    import pyarrow as pa

    if _is_matrix(table):
        size = table.table.num_rows
        raise InputError(
            f"{table.name} is a matrix: {size:,} rows of {size:,} numbers, which are 0 from each cell to itself or the "
            f"same in both directions; {_INSTEAD}, or, if it has, --a-column and --b-column must name its columns"
        )
    names = table.columns[1:]
    if not table.headed or len(names) < 2 or len(names) > _MOST or table.table.num_rows != len(names):
        return
    if sorted(table.with_texts(table.columns[0]).table[0].cast(pa.string()).to_pylist(), key=str) == sorted(names):
        raise InputError(
            f"{table.name} is a matrix: its first column holds the names of the others ({', '.join(names[:3])}, …); "
            f"{_INSTEAD}"
        )


def _is_matrix(table: TableFile) -> bool:
    """Tell whether a table is square and holds numbers only, with a diagonal of 0 or symmetric.

    It must be both where its columns may be those of an edge list.
    """
    import numpy as np
    import pyarrow as pa

    size = table.table.num_rows
    kinds = [field.type for field in table.table.schema]
    if not 3 <= size <= _MOST or len(kinds) != size or roles.known(table.columns) > 1:
        return False
    if not all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
        return False
    values = np.column_stack([column.to_numpy() for column in table.table.columns])
    empty, symmetric = not values.diagonal().any(), np.array_equal(values, values.T)
    return bool(empty and symmetric) if size == 3 or table.headed else bool(empty or symmetric)


def refuse_row(table: TableFile, pair: tuple[str, str], cells: pa.Array | None) -> None:
    """Refuse names of the columns with the two cells that may be a row.

    Parameters
    ----------
    table : TableFile
        The relationships.
    pair : tuple of str
        Its columns with the two cells.
    cells : pyarrow.Array of string or None
        Names of the cells, if there is a table of them.

    Raises
    ------
    InputError
        If both names are those of cells; without a table of cells, if one is in a row below, or the names are A and B,
        cells have names too, and no other column has a common name.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = [table.table[column] for column in pair]
    texts = [end for end in ends if pa.types.is_string(end.type)]
    if cells is not None:
        doubtful = pc.all(pc.is_in(pa.array(pair), cells)).as_py()
    else:
        doubtful = any(pc.any(pc.is_in(end, pa.array(pair))).as_py() for end in texts)
        letters = tuple(map(roles.folded, pair)) == roles.LETTERS and not roles.known(table.columns)
        doubtful = doubtful or (letters and len(texts) == 2)
    if table.headed and doubtful:
        raise InputError(
            f"the first line of {table.name}, {quoted(table.columns)}, may be a row instead of a header, as cells may "
            "be called so; write a header above it, as source,target, or call these columns source and target"
        )
