"""The cells of a network that comes without a cell table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cellgraph.errors import InputError
from cellgraph.tables.cellkeys import as_ids, as_texts
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa


def cells_of(network: TableFile, pair: tuple[str, str], samples: tuple[str, str] | None) -> tuple[TableFile, str, str]:
    """Return a sorted table of the cells named in relationships, and its sample and id columns.

    Parameters
    ----------
    network : TableFile
        The relationships.
    pair : tuple of str
        Its columns with the two cells.
    samples : tuple of str or None
        Its columns with their samples.

    Raises
    ------
    InputError
        If there are no relationships, or an id is missing or is not a whole number although the others are.
    """
    import pyarrow as pa

    if not network.table.num_rows:
        raise InputError(f"{network.name} has a header but no relationships, so there are no cells; give --cells too")
    texts = any(pa.types.is_string(network.table[column].type) for column in pair)
    sample = "sample" if samples is None else samples[0]
    cell = "cell" if sample != "cell" else "cell_id"
    columns: dict[str, pa.Array] = {}
    if samples is not None:
        columns[sample] = as_texts(network, *samples)
    columns[cell] = as_texts(network, *pair) if texts else pa.array(np.concatenate([as_ids(network, c) for c in pair]))
    names = list(columns)
    table = pa.table(columns).group_by(names).aggregate([]).select(names)
    table = table.sort_by([(name, "ascending") for name in names])
    return TableFile(network.name, network.stem, table), sample, cell
