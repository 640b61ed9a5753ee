"""Reading tables that people have: CSV, Parquet, or a data frame in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import FormatError, InputError, NotFoundError, near
from cellgraph.volumes.files import refuse_pipes

if TYPE_CHECKING:
    import pyarrow as pa

Source = str | os.PathLike[str] | Any
"""A path, or anything that speaks Arrow: `pyarrow.Table`, a pandas or a polars data frame."""

_NULLS = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None"]
_BEGINNING = 4096


@dataclass(frozen=True)
class TableFile:
    """A table and what to call it.

    Attributes
    ----------
    name : str
        As it stands in messages: the file, or ``the cells`` for a data frame.
    stem : str
        The name of the file without its ending; empty for a data frame.
    table : pyarrow.Table
        Columns of int64, double, bool or string only, with distinct names.
    """

    name: str
    stem: str
    table: pa.Table

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
        CSV (separated by comma, semicolon or tab; UTF-8) or Parquet, recognised by its contents.
    what : str
        What it holds: ``cells``, ``network``, ``samples``.
    texts : tuple of str
        Columns that are text, even if they look like numbers.

    Raises
    ------
    NotFoundError
        If there is no such file.
    FormatError
        If it is empty, damaged, or neither CSV nor Parquet.
    InputError
        If a column is of a type that cannot be stored or would be changed, or two have one name.
    """
    import pyarrow as pa

    if hasattr(source, "__arrow_c_stream__"):
        return TableFile(f"the {what}", "", _plain(pa.table(source), f"the {what}", texts))
    path = Path(source)
    name = str(path)
    beginning = _begin(path, what)
    if beginning[:4] == b"PAR1":
        table = _read_parquet(path)
    else:
        table = _read_csv(path, beginning, texts)
    return TableFile(name, path.stem, _plain(table, name, texts))


def _begin(path: Path, what: str) -> bytes:
    """Return the first bytes of a file that is there and not empty."""
    if path.is_dir():
        raise FormatError(f"{str(path)!r} is a folder, but the {what} must be a CSV or Parquet file")
    try:
        refuse_pipes(path)
        with path.open("rb") as file:
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


def _read_csv(path: Path, beginning: bytes, texts: tuple[str, ...]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    _refuse_binary(path, beginning)
    separator = _separator(beginning)
    header = _header(path, separator)

    def read(threads: bool, texts: tuple[str, ...] = texts) -> pa.Table:
        return csv.read_csv(
            path,
            read_options=csv.ReadOptions(column_names=header, skip_rows=1, use_threads=threads),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                null_values=_NULLS,
                strings_can_be_null=True,
                column_types={name: pa.string() for name in texts if name in header},
            ),
        )

    try:
        table = read(threads=True)
        _refuse_changed(path, table, separator, lambda large: read(True, (*texts, *large)))
        return table
    except pa.ArrowInvalid:
        try:
            return read(threads=False)  # only so the error tells the row
        except pa.ArrowInvalid as error:
            raise FormatError(f"{str(path)!r} is no table: {_csv_reason(error)}") from error


def _refuse_changed(path: Path, table: pa.Table, separator: str, read: Callable[[list[str]], pa.Table]) -> None:
    """Refuse numbers that were read as something else: too large ones as floats, with decimal commas as text.

    Parameters
    ----------
    read : callable
        Reads the file again, with the columns of some names as text.
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
    if separator == ",":
        return
    for name in table.column_names:
        if pa.types.is_string(table[name].type):
            texts = table[name].drop_null()
            commas = texts.filter(pc.match_substring(texts, ","))
            if len(commas) and pc.all(pc.match_substring_regex(texts, r"^\s*[+-]?[0-9]+(,[0-9]+)?\s*$")).as_py():
                raise InputError(
                    f"the column {name!r} of {path} holds numbers with a decimal comma, as {commas[0]}; "
                    "export it with a decimal point"
                )


def _csv_reason(error: BaseException) -> str:
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
    if ragged is None:
        return _first_line(error)
    row, expected, got = (int(number) for number in ragged.groups())
    return f"the header has {expected} columns, but row {row - 1} has {got}"


def _refuse_binary(path: Path, beginning: bytes) -> None:
    whole = len(beginning) < _BEGINNING
    try:
        # The last character may be cut.
        beginning.decode() if whole else beginning[: beginning.rfind(b"\n") + 1 or None].decode(errors="strict")
        text = b"\0" not in beginning
    except UnicodeDecodeError:
        text = False
    if not text:
        hint = "; save the sheet as CSV" if beginning[:2] == b"PK" else ""
        raise FormatError(f"{str(path)!r} is neither CSV in UTF-8 nor Parquet{hint}")


def _separator(beginning: bytes) -> str:
    """Return which of comma, semicolon and tab stands most often in the header."""
    line = beginning.decode("utf-8", "replace").splitlines()[0]
    return max(",;\t", key=line.count)


def _header(path: Path, separator: str) -> list[str]:
    """Return the names of the columns; ``column_3`` for the third, if it has none (as pandas writes its index)."""
    import csv

    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        names = next(csv.reader(file, delimiter=separator))
    return [name.strip() or f"column_{number}" for number, name in enumerate(names, 1)]


def _plain(table: pa.Table, name: str, texts: tuple[str, ...]) -> pa.Table:
    """Bring the columns into the types that are stored."""
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
