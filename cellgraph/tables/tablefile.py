"""Read users' tables: CSV, Parquet, or a data frame in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import FormatError, InputError, NotFoundError, near
from cellgraph.tables.csvfile import CsvFile
from cellgraph.tables.layout import COMPRESSED, opened
from cellgraph.tables.others import refuse_others
from cellgraph.volumes.files import GIT_LFS, POINTER, refuse_pipes

if TYPE_CHECKING:
    import pyarrow as pa

Source = str | os.PathLike[str] | Any
"""A path, or anything with the Arrow interface: `pyarrow.Table`, a pandas or polars data frame."""

_BEGINNING = 4096


@dataclass(frozen=True)
class TableFile:
    """A table and its name.

    Attributes
    ----------
    name : str
        Name in messages: the file, or ``the cells`` for a data frame.
    stem : str
        The file name without its extension; empty for a data frame.
    table : pyarrow.Table
        Columns of int64, double, bool or string only, with distinct names; of type null if no row has a value.
    headed : bool
        Whether the file has column names; if not, they are ``column_1``, ``column_2``, …
    notes : tuple of str
        What was changed during reading, in sentences.
    csv : CsvFile or None
        The file, if it is CSV.
    """

    name: str
    stem: str
    table: pa.Table
    headed: bool = True
    notes: tuple[str, ...] = ()
    csv: CsvFile | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.table.column_names)

    def with_texts(self, *names: str | None) -> TableFile:
        """Return the table with some columns as the text in the file, so that 001 and 1.10 stay as they are.

        None names no column.  In Parquet files and data frames nothing changes, as their columns have types.
        """
        wanted = [name for name in dict.fromkeys(names) if name is not None]
        if self.csv is None or not wanted:
            return self
        return replace(self, table=_stripped(self.csv.with_texts(self.table, wanted))[0])


def read_table(source: Source, what: str) -> TableFile:
    """Read a table.

    Dates become ISO 8601 text; empty fields and ``NA`` become null.

    Parameters
    ----------
    source : path or data frame
        CSV (separated by comma, semicolon or tab; UTF-8; optionally compressed with gzip, bzip2 or xz) or Parquet,
        recognised by its contents.
    what : str
        What it holds: ``cells``, ``network``, ``samples``.

    Raises
    ------
    NotFoundError
        If there is no such file.
    FormatError
        If it is empty, damaged, or neither CSV nor Parquet.
    InputError
        If a column has a type that cannot be stored or would be changed, or two have the same name.
    """
    import pyarrow as pa

    if hasattr(source, "__arrow_c_stream__"):
        return _table_file(TableFile(f"the {what}", "", pa.table(source)))
    path = Path(source)
    beginning = _begin(path, what)
    if beginning[:4] == b"PAR1":
        return _table_file(TableFile(str(path), path.stem, _read_parquet(path)))
    refuse_others(path, beginning, what)
    file = CsvFile.begin(path)
    table, notes = file.read()
    layout = file.layout
    if not layout.headed:
        notes.append(f"{path} has no header: its columns are named {', '.join(layout.names)}.")
        if table.num_rows and [column[0].as_py() for column in table.columns] == [0, 1]:
            notes.append(f"The first line of {path}, 0 and 1, is read as a row; remove it if it numbers the columns.")
    stem = Path(path.stem).stem if path.suffix.lower() in COMPRESSED else path.stem
    return _table_file(TableFile(str(path), stem, table, layout.headed, tuple(notes), file))


def _table_file(read: TableFile) -> TableFile:
    plain, padded = _stripped(_plain(read.table, read.name))
    notes = read.notes
    if padded:
        of = f"column {padded[0]}" if len(padded) == 1 else f"columns {', '.join(padded)}"
        notes = (*notes, f"Spaces around the text in the {of} of {read.name} were removed.")
    return replace(read, table=plain, notes=notes)


def _stripped(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Strip spaces around texts; return the columns that had any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    padded = []
    for place, name in enumerate(table.column_names):
        if not pa.types.is_string(table[name].type):
            continue
        texts = pc.utf8_trim_whitespace(table[name])
        if pc.any(pc.not_equal(texts, table[name])).as_py():
            table = table.set_column(place, name, pc.if_else(pc.equal(texts, ""), None, texts))
            padded.append(f'"{name}"')
    return table, padded


def _begin(path: Path, what: str) -> bytes:
    """Return the first bytes of a file; it must exist and not be empty."""
    try:
        if path.is_dir():
            raise FormatError(f"{str(path)!r} is a folder, but the {what} must be a CSV or Parquet file")
        refuse_pipes(path)
        with opened(path) as file:
            beginning = file.read(_BEGINNING)
    except FileNotFoundError:
        siblings = os.listdir(path.parent) if path.parent.is_dir() else []
        raise NotFoundError(f"there is no file {str(path)!r} with the {what}.{near(path.name, siblings)}") from None
    except OSError as error:
        raise FormatError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    if beginning.startswith(GIT_LFS):
        raise FormatError(f"{str(path)!r}: expected a CSV or Parquet file with the {what}, but it is {POINTER}")
    if not beginning.strip():
        raise FormatError(f"{str(path)!r} is empty, but the {what} must be a CSV or Parquet file with a header")
    return beginning


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{str(path)!r} is a damaged Parquet file: {_first_line(error)}") from error


def _plain(table: pa.Table, name: str) -> pa.Table:
    """Convert the columns to the types that are stored."""
    import pyarrow as pa

    seen: set[str] = set()
    for column in table.column_names:
        if column.lower() in seen:
            raise InputError(f"{name} has two columns {column!r}; rename one of them")
        seen.add(column.lower())
    columns = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            columns[field.name] = _plain_column(column)
        except pa.ArrowException as error:
            raise InputError(
                f"the column {field.name!r} of {name} holds {field.type}, but must hold numbers, text, dates, "
                f"or true and false: {_first_line(error)}"
            ) from None
    return pa.table(columns)


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return _plain_column(column.cast(kind.value_type))
    if types.is_integer(kind) or (types.is_decimal(kind) and kind.scale == 0):
        return column.cast(pa.int64())
    if types.is_floating(kind) or types.is_decimal(kind):
        return column.cast(pa.float64())
    if types.is_boolean(kind) or types.is_null(kind):
        return column
    if types.is_timestamp(kind):
        return pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_nested(kind):
        raise pa.ArrowInvalid("such values cannot be stored")
    return column.cast(pa.string())


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".")
