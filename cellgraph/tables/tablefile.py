"""Read users' tables: CSV, Parquet, or a data frame in memory."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cellgraph.errors import FormatError, InputError, NotFoundError, near
from cellgraph.tables.layout import Layout, find_layout, opened
from cellgraph.volumes.files import refuse_pipes

if TYPE_CHECKING:
    import pyarrow as pa

Source = str | os.PathLike[str] | Any
"""A path, or anything with the Arrow interface: `pyarrow.Table`, a pandas or polars data frame."""

_WORDS = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None"]
_NULLS = [before + word + after for word in _WORDS for before in ("", " ") for after in ("", " ")]
_DECIMAL_COMMA = r"^[+-]?[0-9]+(,[0-9]+)?$"
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
        Columns of int64, double, bool or string only, with distinct names.
    headed : bool
        Whether the file has column names; if not, they are ``column_1``, ``column_2``, …
    notes : tuple of str
        What was changed during reading, in sentences.
    """

    name: str
    stem: str
    table: pa.Table
    headed: bool = True
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.table.column_names)


def read_table(source: Source, what: str, *, texts: tuple[str, ...] = ()) -> TableFile:
    """Read a table.

    Dates and times become ISO 8601 text; empty fields and ``NA`` become null.

    Parameters
    ----------
    source : path or data frame
        CSV (separated by comma, semicolon or tab; UTF-8; optionally gzip-compressed) or Parquet, recognised by its
        contents.
    what : str
        What it holds: ``cells``, ``network``, ``samples``.
    texts : tuple of str
        Columns to read as text, even if they look like numbers.

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
        return _table_file(f"the {what}", "", pa.table(source), texts)
    path = Path(source)
    beginning = _begin(path, what)
    if beginning[:4] == b"PAR1":
        return _table_file(str(path), path.stem, _read_parquet(path), texts)
    table, layout, notes = _read_csv(path, beginning, texts)
    if not layout.headed:
        notes.append(f"{path} has no header: its columns are named {', '.join(layout.names)}.")
    stem = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    return _table_file(str(path), stem, table, texts, layout.headed, notes)


def _table_file(
    name: str, stem: str, table: pa.Table, texts: tuple[str, ...], headed: bool = True, notes: Sequence[str] = ()
) -> TableFile:
    plain, padded = _stripped(_plain(table, name, texts))
    if padded:
        of = f"column {padded[0]}" if len(padded) == 1 else f"columns {', '.join(padded)}"
        notes = [*notes, f"Spaces around the text in the {of} of {name} were removed."]
    return TableFile(name, stem, plain, headed, tuple(notes))


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


def _read_csv(path: Path, beginning: bytes, texts: tuple[str, ...]) -> tuple[pa.Table, Layout, list[str]]:
    """Return the table, the layout of the file, and notes."""
    import pyarrow as pa
    from pyarrow import csv

    _refuse_binary(path, beginning)
    layout = find_layout(path)

    def read(threads: bool, texts: tuple[str, ...] = texts) -> pa.Table:
        with opened(path) as file:
            return csv.read_csv(
                file if layout.separator != " " else _single_spaces(file),
                read_options=csv.ReadOptions(column_names=layout.names, skip_rows=layout.skip, use_threads=threads),
                parse_options=csv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
                convert_options=csv.ConvertOptions(
                    null_values=_NULLS,
                    strings_can_be_null=True,
                    column_types={name: pa.string() for name in texts if name in layout.names},
                ),
            )

    try:
        table = read(threads=True)
        _refuse_too_large(path, table, lambda large: read(True, (*texts, *large)))
    except pa.ArrowInvalid:
        try:
            table = read(threads=False)  # only so that the error gives the row
        except pa.ArrowInvalid as error:
            raise FormatError(f"{str(path)!r} is not a table: {_csv_reason(error)}") from error
    _refuse_comments(path, table)
    if layout.separator == ",":
        return table, layout, []
    table, notes = _decimal_points(path, table, texts)
    return table, layout, notes


def _refuse_comments(path: Path, table: pa.Table) -> None:
    """Refuse rows that look like comment lines, unless all rows do."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows or not pa.types.is_string(table[0].type):
        return
    marked = pc.fill_null(pc.match_substring_regex(table[0], r"^\s*(#|//)"), False).to_numpy()
    if marked.any() and not marked.all():
        row = int(np.flatnonzero(marked)[0])
        raise InputError(
            f"row {row + 1} of {path} begins with {table[0][row].as_py()!r}, as a comment does, but comment lines may "
            "stand above the header only; remove it, or write the mark in all rows if it belongs to the values"
        )


def _single_spaces(file: IO[bytes]) -> IO[bytes]:
    """Return the file with single spaces between columns."""
    return io.BytesIO(b"".join(b" ".join(line.split()) + b"\n" for line in file))


def _refuse_too_large(path: Path, table: pa.Table, read: Callable[[list[str]], pa.Table]) -> None:
    """Refuse integers that were read as floats because they exceed 64 bits.

    Parameters
    ----------
    read : callable
        Reads the file again, with the named columns as text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    floats = [name for name in table.column_names if pa.types.is_floating(table[name].type)]
    large = [name for name in floats if pc.any(pc.greater_equal(pc.abs(table[name]), 2.0**63)).as_py()]
    whole = read(large) if large else table
    for name in large:
        for text in whole[name].filter(pc.match_substring_regex(whole[name], r"^\s*[+-]?[0-9]{19,}\s*$")).to_pylist():
            if not -(2**63) <= int(text) < 2**63:
                raise InputError(
                    f"the column {name!r} of {path} holds {text.strip()}, but whole numbers go up to {2**63 - 1}; "
                    "give smaller ones, or write them with an exponent if they need not be exact"
                )


def _decimal_points(path: Path, table: pa.Table, texts: tuple[str, ...]) -> tuple[pa.Table, list[str]]:
    """Read numbers with a decimal comma, with a note; refuse those that may have thousands separators.

    Raises
    ------
    InputError
        If every comma is followed by three digits, as in 1,234.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    notes = []
    for place, name in enumerate(table.column_names):
        if name in texts or not pa.types.is_string(table[name].type):
            continue
        column = pc.utf8_trim_whitespace(table[name])
        values = column.drop_null()
        commas = values.filter(pc.match_substring(values, ","))
        if not len(commas) or not pc.all(pc.match_substring_regex(values, _DECIMAL_COMMA)).as_py():
            continue
        if pc.all(pc.match_substring_regex(commas, r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$")).as_py():
            raise InputError(
                f"the column {name!r} of {path} holds numbers with a comma, as {commas[0]}, which may be a decimal "
                "comma or separate thousands; export it with a decimal point and without separators"
            )
        numbers = pc.replace_substring(column, ",", ".").cast(pa.float64())
        table = table.set_column(place, name, numbers)
        notes.append(f'The column "{name}" of {path} has decimal commas: {commas[0]} is read as {_pointed(commas[0])}.')
    return table, notes


def _pointed(text: object) -> str:
    return str(text).replace(",", ".")


def _csv_reason(error: BaseException) -> str:
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
    if ragged is None:
        return _first_line(error)
    row, expected, got = (int(number) for number in ragged.groups())
    return f"the header has {expected} columns, but row {row - 1} has {got}"


def _refuse_binary(path: Path, beginning: bytes) -> None:
    whole = len(beginning) < _BEGINNING
    try:
        # The last character may be truncated.
        beginning.decode() if whole else beginning[: beginning.rfind(b"\n") + 1 or None].decode(errors="strict")
        text = b"\0" not in beginning
    except UnicodeDecodeError:
        text = False
    if not text:
        hint = "; save the sheet as CSV" if beginning[:2] == b"PK" else ""
        raise FormatError(f"{str(path)!r} is neither CSV in UTF-8 nor Parquet{hint}")


def _plain(table: pa.Table, name: str, texts: tuple[str, ...]) -> pa.Table:
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
            columns[field.name] = column.cast(pa.string()) if field.name in texts else _plain_column(column)
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
    if types.is_integer(kind):
        return column.cast(pa.int64())
    if types.is_floating(kind) or types.is_decimal(kind):
        return column.cast(pa.float64())
    if types.is_boolean(kind):
        return column
    if types.is_timestamp(kind):
        return pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_nested(kind):
        raise pa.ArrowInvalid("such values cannot be stored")
    return column.cast(pa.string())


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].removeprefix("CSV parse error: ").rstrip(".")
