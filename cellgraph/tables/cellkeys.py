"""Find the cells named in a table of relationships."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, near
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

_EXACT = 2**53  # above it, not every integer is a float
_SHOWN = 5
_WHOLE = r"^[+-]?[0-9]+\.0$"
_WRITTEN_TEXT = r"^[0-9]+[eE][0-9]+$"


@dataclass(frozen=True)
class CellKeys:
    """The keys that identify cells, in the order of their table.

    Attributes
    ----------
    samples : numpy.ndarray of int64, shape (n,)
        Index of the sample of each cell.
    labels : numpy.ndarray of int64, shape (n,)
        Unique in each sample.
    texts : pyarrow.Array of string or None
        Ids as given, if they are text; labels are then row numbers from 1.
    unique : bool
        Whether ids are unique in the whole table.
    numbered : bool
        Whether the table has no ids, so that labels are row numbers from 1.
    """

    samples: Array
    labels: Array
    texts: pa.Array | None
    unique: bool
    numbered: bool = False

    @classmethod
    def build(cls, cells: TableFile, column: str | None, samples: Array) -> CellKeys:
        """Read the ids of cells; without a column, they are row numbers from 1.

        Raises
        ------
        InputError
            If an id is missing, not a whole number, or duplicated in a sample.
        """
        import pyarrow as pa

        numbers = np.arange(1, cells.table.num_rows + 1)
        if column is None:
            return cls(samples, numbers, None, True, numbered=True)
        if pa.types.is_string(cells.table[column].type):
            texts = as_texts(cells, column)
            ids = _numbered(texts)
            unique = _refuse_twice(cells, column, ids, samples, texts)
            return cls(samples, numbers, texts, unique)
        labels = as_ids(cells, column, "--cell-column none numbers cells by their rows")
        unique = _refuse_twice(cells, column, labels, samples, pa.array(labels))
        return cls(samples, labels, None, unique)

    def order(self) -> tuple[Array, Array]:
        """Return the rows sorted by sample and label, and the position of each row in that order."""
        order = np.lexsort((self.labels, self.samples))
        position = np.empty_like(order)
        position[order] = np.arange(len(order))
        return order, position

    def rows(
        self,
        table: TableFile,
        pair: tuple[str, str],
        samples: tuple[str, str] | None,
        names: Sequence[tuple[str, str]],
    ) -> tuple[Array, Array]:
        """Return the row numbers of the two cells of each relationship.

        Parameters
        ----------
        table : TableFile
            The relationships.
        pair : tuple of str
            Its columns with the ids of the two cells.
        samples : tuple of str or None
            Its columns with their samples.
        names : sequence of tuple of str
            Possible names of each sample.

        Raises
        ------
        InputError
            If a cell or its sample is unknown, or the ids alone do not identify the cell.
        """
        if samples is None and not self.unique:
            raise InputError(
                f"the ids of the cells are unique in each sample only, so {table.name} needs a column with the sample "
                f"of the cells (as sample, or sample_a,sample_b), but it has {', '.join(table.columns)}; add it, or "
                "name it with --sample-column"
            )
        of_sample = [None, None] if samples is None else [_sample_numbers(table, name, names) for name in samples]
        found = [self._find(table, column, sample) for column, sample in zip(pair, of_sample, strict=True)]
        unknown = [(row, end) for end in (0, 1) for row in np.flatnonzero(found[end] < 0)[: _SHOWN + 1]]
        if unknown:
            total = int(sum((rows < 0).sum() for rows in found))
            raise InputError(_unknown_cells(table, pair, samples, sorted(unknown), total) + self._advice("; "))
        return found[0], found[1]

    def _find(self, table: TableFile, column: str, samples: Array | None) -> Array:
        """Return the row number of the cell in each row of a column; -1 if there is none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.texts is None:
            wanted, ids = pa.array(as_ids(table, column, self._advice())), pa.array(self.labels)
        else:
            wanted, ids = as_texts(table, column, known=self.texts), self.texts
        distinct = pc.unique(ids)
        number = pc.index_in(wanted, value_set=distinct).fill_null(-1).to_numpy().astype(np.int64)
        key = pc.index_in(ids, value_set=distinct).to_numpy().astype(np.int64)
        if samples is not None:
            number = np.where(number < 0, -1, number + samples * len(distinct))
            key = key + self.samples * len(distinct)
        order = np.argsort(key)
        place = np.searchsorted(key[order], number).clip(max=len(key) - 1)
        row: Array = order[place]
        return np.where(key[row] == number, row, -1)

    def _advice(self, before: str = "") -> str:
        """Return what to do if relationships name other cells, as the end of a sentence."""
        advice = "the cells are numbered by their rows, as their table has no column with ids that is known; "
        return f"{before}{advice}name it with --cell-column" if self.numbered else ""


def as_ids(table: TableFile, column: str, hint: str = "", *, rows: Array | None = None) -> Array:
    """Return a column of whole numbers as int64.

    Parameters
    ----------
    rows : numpy.ndarray of int64, optional
        For some rows of a file, their numbers in it, from 0; None if these are all.

    Raises
    ------
    InputError
        If a value is missing or not a whole number; with the row, and the hint.
    """
    import pyarrow as pa

    values = table.table[column].combine_chunks()
    refuse_missing(table, column, values)
    of_file = np.arange(len(values)) if rows is None else rows
    advice = f"; {hint}" if hint else ""
    if pa.types.is_floating(values.type):
        floats = values.to_numpy()
        wrong = np.flatnonzero(~(np.isfinite(floats) & (np.floor(floats) == floats) & (np.abs(floats) <= _EXACT)))
        if wrong.size:
            raise InputError(
                f"the column {column!r} of {table.name} must hold whole numbers, but row {of_file[wrong[0]] + 1} has "
                f"{floats[wrong[0]]}{_rounded(floats[wrong[0]])}{advice}"
            )
        return np.asarray(floats.astype(np.int64))
    if not pa.types.is_integer(values.type):
        for place, value in enumerate(values.to_pylist()):
            if not _is_whole(value):
                raise InputError(
                    f"the column {column!r} of {table.name} must hold whole numbers, "
                    f"but row {of_file[place] + 1} has {value!r}{advice}"
                )
        values = values.cast(pa.int64())
    return np.asarray(values.to_numpy())


def _rounded(number: float) -> str:
    """Return why a large float cannot be an id, as part of a sentence."""
    if not np.isfinite(number) or abs(number) <= _EXACT:
        return ""
    return ", which is not exact (a spreadsheet shortens long ids); export the ids as text or whole numbers"


def with_ids(table: TableFile, *columns: str) -> TableFile:
    """Return the table with columns of ids as text, if any of them is no number, as A7 or 1E5.

    A number with an exponent has a sign in it (1e+05, as R and spreadsheets write it).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    types = {column: table.table[column].type for column in columns}
    floats = [column for column, kind in types.items() if pa.types.is_floating(kind)]
    texts = table.with_texts(*floats)
    if not any(map(pa.types.is_string, types.values())) and not any(
        pa.types.is_string(texts.table[column].type)
        and pc.any(pc.match_substring_regex(texts.table[column], _WRITTEN_TEXT)).as_py()
        for column in floats
    ):
        return table
    return table.with_texts(*columns)


def as_texts(table: TableFile, *columns: str, known: Sequence[str] | pa.Array = ()) -> pa.Array:
    """Return columns as text, one below the other; 1 and 1.0 are the same.

    They are not if there are other fractions too, or if all texts are among the known ones as they are.

    Raises
    ------
    InputError
        If a value is missing; with the row.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.concat_arrays([_written(table, column) for column in columns])
    if len(known) and pc.all(pc.is_in(texts, pa.array(known, pa.string()))).as_py():
        return texts
    fraction = pc.match_substring_regex(texts, r"^[+-]?[0-9]+\.[0-9]+$")
    whole = pc.match_substring_regex(texts, _WHOLE)
    if not pc.any(whole).as_py() or not pc.all(pc.equal(fraction, whole)).as_py():
        return texts
    return pc.if_else(whole, pc.replace_substring_regex(texts, r"\.0$", ""), texts)


def _written(table: TableFile, column: str) -> pa.Array:
    """Return a column as text, whole numbers without a fraction if all are whole."""
    import pyarrow as pa

    values = table.table[column].combine_chunks()
    refuse_missing(table, column, values)
    if pa.types.is_floating(values.type):
        floats = values.to_numpy()
        if (np.floor(floats) == floats).all() and (np.abs(floats) <= _EXACT).all():
            values = pa.array(floats.astype(np.int64))
    return values.cast(pa.string())


def _is_whole(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 20 or not re.fullmatch(r"-?[0-9]+", value):
        return False
    return abs(int(value)) < 2**63


def _numbered(texts: pa.Array) -> Array:
    """Return a number for each distinct text."""
    encoded = texts.dictionary_encode()
    return np.asarray(encoded.indices.to_numpy()).astype(np.int64)


def refuse_missing(table: TableFile, column: str, values: pa.Array) -> None:
    """Raise `InputError` with the rows in which a column of ids or names has no value."""
    if values.null_count:
        rows = (np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)) + 1).tolist()
        where = f"row {rows[0]}" if len(rows) == 1 else f"{len(rows)} rows: {some(rows)}"
        raise InputError(
            f"the column {column!r} of {table.name} has no value in {where}; fill it in "
            "(NA, NaN, null, None and nothing count as no value: give cells that are called so other names)"
        )


def _refuse_twice(table: TableFile, column: str, ids: Array, samples: Array, shown: pa.Array) -> bool:
    """Refuse duplicate ids in a sample; return whether ids are unique in the whole table."""
    order = np.lexsort((np.arange(len(ids)), ids, samples))
    same = (ids[order][1:] == ids[order][:-1]) & (samples[order][1:] == samples[order][:-1])
    if same.any():
        second = np.sort(order[1:][same])
        row = int(second[0])
        first = int(np.flatnonzero((ids == ids[row]) & (samples == samples[row]))[0])
        raise InputError(
            f"the cell {shown[row].as_py()!r} is twice in {table.name}, in rows {first + 1} and {row + 1} of the "
            f"column {column!r}; each cell has one row (rows that repeat one: {len(second)})"
        )
    return len(np.unique(ids)) == len(ids)


def _sample_numbers(table: TableFile, column: str, names: Sequence[tuple[str, str]]) -> Array:
    """Return the sample index of each row of a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known: dict[str, int] = {}
    for i in (1, 0):  # the key that cells use for a sample takes precedence over its name
        known.update({name[i]: number for number, name in enumerate(names)})
    keys = as_texts(table, column, known=list(known))
    place = pc.index_in(keys, value_set=pa.array(list(known), pa.string()))
    if place.null_count:
        rows = np.flatnonzero(place.is_null().to_numpy(zero_copy_only=False))
        unknown = keys[int(rows[0])].as_py()
        raise InputError(
            f"the sample {unknown!r} in the column {column!r} of {table.name}, row {rows[0] + 1}, is not among the "
            f"samples; rows of unknown samples: {len(rows)}.{near(unknown, known)}"
        )
    numbers: Array = np.array(list(known.values()), np.int64)[place.to_numpy()]
    return numbers


def _unknown_cells(
    table: TableFile,
    pair: tuple[str, str],
    samples: tuple[str, str] | None,
    unknown: list[tuple[int, int]],
    total: int,
) -> str:
    """Return the sentence that names the first relationships to unknown cells."""
    shown = []
    for row, end in unknown[:_SHOWN]:
        cell = table.table[pair[end]][int(row)].as_py()
        sample = "" if samples is None else f" of sample {table.table[samples[end]][int(row)].as_py()!r}"
        shown.append(f"{cell!r}{sample} in row {row + 1}")
    more = ", …" if total > _SHOWN else ""
    ends = "end" if total == 1 else "ends"
    return (
        f"{total} {ends} of relationships in {table.name} are not in the table of cells: {', '.join(shown)}{more}; "
        "add these cells, or leave these relationships out"
    )


def some(values: Sequence[Any]) -> str:
    """Return the first few values, separated by commas."""
    return ", ".join(repr(value) for value in values[:_SHOWN]) + (", …" if len(values) > _SHOWN else "")
