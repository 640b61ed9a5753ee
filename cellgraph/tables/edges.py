"""Decide which rows are relationships, and handle their two directions: listed twice, merged into one, or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError
from cellgraph.tables.columns import quoted
from cellgraph.tables.roles import folded
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa

    Array = np.ndarray[Any, Any]


_OTHER_CONTACT = ("expanded_junctions", "touching_edges", "touching_corners")
_TOUCHING = ("touching", "touches", "contact", "adjacent", "adjacency", "connected", "value")


def touching(contacts: pa.Table, name: str, column: str | None) -> tuple[Array, list[str]]:
    """Return the rows that are relationships, and notes.

    A row with 0 junctions is none, unless its cells touch along an edge, in a corner, or once they are grown.

    Parameters
    ----------
    contacts : pyarrow.Table
        As `settle` takes it.
    name : str
        What to call the table.
    column : str or None
        Its column with the junctions.
    """
    kept = contacts["junctions"].to_numpy() > 0
    for other in _OTHER_CONTACT:
        if other in contacts.column_names and _is_number(contacts[other]):
            kept |= np.nan_to_num(contacts[other].to_numpy()) > 0
    notes = [
        f'The column "{other}" of {name} is kept as a property: rows in which it is {none} are relationships, too. '
        "Remove them from the file if they are none."
        for other in contacts.column_names
        if (none := _none(contacts, other))
    ]
    count = int(np.count_nonzero(~kept))
    if count:
        rows = "1 row" if count == 1 else f"{count:,} rows"
        notes.append(
            f'{rows} with 0 in "{column}" of {name} {"is" if count == 1 else "are"} left out: without a junction there '
            "is no contact. --junctions-column none keeps each row, as 1."
        )
    return np.flatnonzero(kept), notes


def _is_number(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(column.type) or pa.types.is_floating(column.type))


def _none(contacts: pa.Table, column: str) -> str:
    """Return what says in a column that cells do not touch: false, or 0 if its name tells so; empty if nothing does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = contacts[column]
    if pa.types.is_boolean(values.type):
        return "false" if pc.any(pc.invert(values)).as_py() else ""
    return "0" if folded(column) in _TOUCHING and _is_number(values) and pc.any(pc.equal(values, 0)).as_py() else ""


def id_notes(table: TableFile, pair: tuple[str, str]) -> list[str]:
    """Return notes on ids that may be meant otherwise: below 0, or with zeros in front that a number has not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    notes = []
    for name in pair:
        column = table.table[name]
        if not pa.types.is_integer(column.type):
            continue
        least = pc.min(column).as_py()
        if least is not None and least < 0:
            rows = pc.sum(pc.less(column, 0)).as_py()
            notes.append(
                f'Ids below 0 in "{name}" of {table.name}, as {least}, are cells, too (rows: {rows:,}); remove these '
                "rows if they stand for no cell."
            )
        padded = table.csv.padded(name) if table.csv is not None else ""
        if padded:
            notes.append(f'The ids in "{name}" of {table.name} are numbers: {padded} is read as {int(padded)}.')
    return notes


def settle(
    contacts: pa.Table, name: str, pair: tuple[str, str], rows: Array, *, symmetric: bool, directed: bool
) -> tuple[pa.Table, list[str], str]:
    """Return the relationships to load, notes, and how directions were read, as the end of a phrase.

    Parameters
    ----------
    contacts : pyarrow.Table
        ``a``, ``b`` (numbers of cells), ``junctions`` and properties, in the order of the file.
    name : str
        What to call the table.
    pair : tuple of str
        Its columns with the two cells.
    rows : array of int, shape (relationships,)
        The row of each in the file, from 0.
    symmetric : bool
        Whether each pair is listed in both directions and counts once.
    directed : bool
        Whether the order of the two cells is meaningful.

    Raises
    ------
    InputError
        If each pair is listed equally often in both directions and neither option is given, or if the two directions of
        a symmetric pair differ in junctions.
    """
    a, b = (contacts[end].to_numpy() for end in ("a", "b"))
    notes = _of_themselves(name, int(np.count_nonzero(a == b)))
    if directed or not contacts.num_rows:
        return contacts, notes, " (directed)" if directed else ""
    _, number = np.unique(np.minimum(a, b) * (max(a.max(), b.max()) + 1) + np.maximum(a, b), return_inverse=True)
    forward, backward = np.bincount(number[a < b]), np.bincount(number[a > b])
    n = int(number.max()) + 1
    forward, backward = np.pad(forward, (0, n - len(forward))), np.pad(backward, (0, n - len(backward)))
    if symmetric:
        contacts, more = _folded(contacts, name, rows, number, a < b, a == b)
        return contacts, [*notes, *more], " (symmetric, each pair once)"
    both = int(np.count_nonzero((forward > 0) & (backward > 0)))
    pairs = int(np.count_nonzero(forward + backward))
    if both and np.array_equal(forward, backward):
        raise InputError(
            f"{name} lists each pair of cells in both directions ({pairs:,} in all, columns {quoted(pair)}); "
            "load it with --symmetric (symmetric=True) to count each pair once, or with --directed (directed=True) if "
            "the directions are relationships of their own"
        )
    if not both:
        return contacts, notes, ""
    each = contacts["junctions"].to_numpy().astype(float)
    ways = [np.bincount(number[way], each[way], n) for way in (a < b, a > b)]
    alike = int(np.count_nonzero((forward > 0) & (backward > 0) & (ways[0] == ways[1])))
    if alike:
        notes.append(
            f"{alike:,} of {pairs:,} pairs of cells in {name} are listed in both directions with the same junctions, "
            "which add up; load it with --symmetric to count each pair once."
        )
    return contacts, notes, f" ({both:,} of {pairs:,} pairs in both directions, each row kept)"


def _of_themselves(name: str, count: int) -> list[str]:
    """Return a note on relationships of cells with themselves, if there are any."""
    if not count:
        return []
    joins = "1 relationship joins a cell" if count == 1 else f"{count:,} relationships join a cell each"
    kept = "it is kept, but is no contact" if count == 1 else "they are kept, but are no contacts"
    return [f"{joins} of {name} with itself: {kept}."]


def _folded(
    contacts: pa.Table, name: str, rows: Array, number: Array, forward: Array, selves: Array
) -> tuple[pa.Table, list[str]]:
    """Merge relationships that are listed in both directions."""
    ranks = _ranks(contacts, number, forward)
    key = number * (int(ranks.max()) + 1) + ranks
    one = np.flatnonzero(forward)
    other = np.flatnonzero(~forward & ~selves)
    _, at_one, at_other = np.intersect1d(key[one], key[other], assume_unique=True, return_indices=True)
    first, second = np.sort([one[at_one], other[at_other]], axis=0)
    _refuse_differing(contacts, name, rows, first, second)
    kept = np.delete(np.arange(contacts.num_rows), second)
    notes = []
    single = len(kept) - len(first) - int(selves.sum())
    if single:
        stand = "1 relationship stands" if single == 1 else f"{single:,} relationships stand"
        notes.append(f"{stand} in {name} in one direction only, and is counted anyway.")
    differing = [
        column
        for column in contacts.column_names
        if column not in ("a", "b", "junctions")
        and not contacts[column].take(first).equals(contacts[column].take(second))
    ]
    if differing:
        notes.append(
            f"The two directions of a pair in {name} differ in {quoted(differing)}: the value of the upper row is kept."
        )
    return contacts.take(kept), notes


def _ranks(contacts: pa.Table, number: Array, forward: Array) -> Array:
    """Number the relationships of each pair and direction, so that equal ones get the same number."""
    codes = []
    for column in contacts.column_names:
        if column in ("a", "b"):
            continue
        encoded = contacts[column].combine_chunks().dictionary_encode("encode")
        if len(encoded.dictionary) < contacts.num_rows or column == "junctions":  # otherwise a row number
            codes.append(encoded.indices.to_numpy())
    order = np.lexsort((np.arange(len(number)), *codes[::-1], forward, number))
    of_row, way = number[order], forward[order]
    starts = np.r_[True, (of_row[1:] != of_row[:-1]) | (way[1:] != way[:-1])]
    place = np.arange(len(order))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = place - np.maximum.accumulate(np.where(starts, place, 0))
    return ranks


def _refuse_differing(contacts: pa.Table, name: str, rows: Array, first: Array, second: Array) -> None:
    junctions = contacts["junctions"].to_numpy()
    wrong = np.flatnonzero(junctions[first] != junctions[second])
    if wrong.size:
        one, two = (int(ways[wrong[0]]) for ways in (first, second))
        in_rows = f"{rows[one] + 1} and {rows[two] + 1}"
        raise InputError(
            f"{name} lists the same two cells in rows {in_rows}, but with {junctions[one]} and "
            f"{junctions[two]} junctions (pairs that differ: {wrong.size:,}); with --symmetric both directions must "
            "have the same, --directed keeps both"
        )
