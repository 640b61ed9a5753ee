"""Read CSV files: numbers, decimal commas, and text as it stands in the file."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from csv import reader
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cellgraph.errors import FormatError, InputError
from cellgraph.tables import quotes
from cellgraph.tables.layout import Layout, find_layout, opened

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None"]
_NULLS = [before + word + after for word in _WORDS for before in ("", " ") for after in ("", " ")]
_DECIMAL_COMMA = r"^[+-]?[0-9]+(,[0-9]+)?([eE][+-]?[0-9]+)?$"
_POINT = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_POINT_OR_COMMA = _POINT.replace(r"\.", "[.,]")

_BOM = "\ufeff"
_FIRST = 1000  # lines; where ids have leading zeros, the first have
_LARGE = 1 << 20  # bytes: threads do not help with less, and one may still start when the process ends


@dataclass(frozen=True)
class CsvFile:
    """A CSV file and how to read it.

    Attributes
    ----------
    path : Path
    layout : Layout
    quoted : bool
        Whether there are quotes, so that values may hold line breaks.
    """

    path: Path
    layout: Layout
    quoted: bool

    @classmethod
    def begin(cls, path: Path) -> CsvFile:
        """Find the layout of a file of text.

        Raises
        ------
        FormatError
            If it has no table, or a quote in it is never closed.
        """
        layout = find_layout(path)
        count = quotes.count(path)
        if count % 2:
            quotes.refuse_unclosed(path, layout)
        return cls(path, layout, count > 0)

    def read(self) -> tuple[pa.Table, list[str]]:
        """Return the table with the types that its values suggest, and notes; times of day stay text."""
        from pyarrow import types

        table = self._read((), self.layout.names)
        if any(types.is_binary(field.type) for field in table.schema):
            _refuse_other_encodings(self)
        _refuse_too_large(self, table)
        _refuse_comments(self.path, table)
        if self.quoted:
            quotes.refuse_swallowed(self.path, self.layout, table)
        table = self.with_texts(table, [field.name for field in table.schema if types.is_time(field.type)])
        table, notes = (table, []) if self.layout.separator == "," else _decimal_points(self.path, table)
        return table, [*notes, *_texts_among_numbers(self.path, table), *_single_quotes(self.path, table)]

    def texts(self, names: Sequence[str]) -> pa.Table:
        """Return some columns as the text in the file."""
        return self._read(names, names)

    def with_texts(self, table: pa.Table, names: Sequence[str]) -> pa.Table:
        """Return the table with some columns as the text in the file."""
        if names:
            for name, column in zip(names, self.texts(names).columns, strict=True):
                table = table.set_column(table.column_names.index(name), name, column)
        return table

    def padded(self, name: str) -> str:
        """Return the first number in a column that begins with 0, as 001, if the first lines have one."""
        place, layout = self.layout.names.index(name), self.layout
        with opened(self.path) as binary, io.TextIOWrapper(binary, "utf-8-sig", "replace", newline="") as file:
            lines = list(islice(file, layout.skip, layout.skip + _FIRST))
        if layout.separator == " ":
            lines = [" ".join(line.split()) for line in lines]
        fields = (row[place].strip() for row in reader(lines, delimiter=layout.separator) if len(row) > place)
        return next((field for field in fields if re.fullmatch(r"0[0-9]+", field)), "")

    def _read(self, texts: Sequence[str], names: Sequence[str]) -> pa.Table:
        import pyarrow as pa
        from pyarrow import csv

        layout = self.layout

        def read(threads: bool) -> pa.Table:
            with opened(self.path) as file:
                return csv.read_csv(
                    file if layout.separator != " " else _single_spaces(file),
                    read_options=csv.ReadOptions(column_names=layout.names, skip_rows=layout.skip, use_threads=threads),
                    parse_options=csv.ParseOptions(delimiter=layout.separator, newlines_in_values=self.quoted),
                    convert_options=csv.ConvertOptions(
                        null_values=_NULLS,
                        strings_can_be_null=True,
                        column_types={name: pa.string() for name in texts},
                        include_columns=list(names),
                    ),
                )

        try:
            return read(threads=self.path.stat().st_size > _LARGE)
        except pa.ArrowInvalid:
            _refuse_other_encodings(self)
            try:
                return read(threads=False)  # only so that the error gives the row
            except pa.ArrowInvalid as error:
                raise FormatError(f"{str(self.path)!r} is not a table: {_csv_reason(error)}") from error


def _refuse_comments(path: Path, table: pa.Table) -> None:
    """Refuse rows that look like comment lines, unless all rows do, or that begin with a byte-order mark."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows or not pa.types.is_string(table[0].type):
        return
    joined = np.flatnonzero(pc.fill_null(pc.starts_with(table[0], _BOM), False).to_numpy())
    if joined.size:
        raise InputError(
            f"row {joined[0] + 1} of {path} begins with a byte-order mark (U+FEFF), as where files were joined; remove "
            "the mark, and the line if it is a header"
        )
    marked = pc.fill_null(pc.match_substring_regex(table[0], r"^\s*(#|//|%)"), False).to_numpy()
    if marked.any() and not marked.all():
        row = int(np.flatnonzero(marked)[0])
        raise InputError(
            f"row {row + 1} of {path} begins with {table[0][row].as_py()!r}, as a comment does, but comment lines may "
            "stand above the header only; remove it, or write the mark in all rows if it belongs to the values"
        )


def _single_spaces(file: IO[bytes]) -> IO[bytes]:
    """Return the file with single spaces between columns."""
    return io.BytesIO(b"".join(b" ".join(line.split()) + b"\n" for line in file))


def _refuse_too_large(file: CsvFile, table: pa.Table) -> None:
    """Refuse integers that were read as floats because they exceed 64 bits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    floats = [name for name in table.column_names if pa.types.is_floating(table[name].type)]
    large = [name for name in floats if pc.any(pc.greater_equal(pc.abs(table[name]), 2.0**63)).as_py()]
    whole = file.texts(large) if large else table
    for name in large:
        for text in whole[name].filter(pc.match_substring_regex(whole[name], r"^\s*[+-]?[0-9]{19,}\s*$")).to_pylist():
            if not -(2**63) <= int(text) < 2**63:
                raise InputError(
                    f"the column {name!r} of {file.path} holds {text.strip()}, but whole numbers go up to {2**63 - 1}; "
                    "give smaller ones, or write them with an exponent if they need not be exact"
                )


def _decimal_points(path: Path, table: pa.Table) -> tuple[pa.Table, list[str]]:
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
        if not pa.types.is_string(table[name].type):
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


def _texts_among_numbers(path: Path, table: pa.Table) -> list[str]:
    """Return a note for each column that is text, although most of its values look like numbers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    notes = []
    for name in table.column_names:
        if not pa.types.is_string(table[name].type):
            continue
        column = pc.utf8_trim_whitespace(table[name])
        alike = pc.sum(pc.match_substring_regex(column, _POINT_OR_COMMA)).as_py() or 0
        if 2 * alike <= len(column) - column.null_count:
            continue
        texts = np.flatnonzero(pc.fill_null(pc.invert(pc.match_substring_regex(column, _POINT)), False).to_numpy())
        if texts.size:
            row = int(texts[0])
            value = column[row].as_py()
            notes.append(f'The column "{name}" of {path} is text, as {value!r} in row {row + 1} is no number.')
    return notes


def _single_quotes(path: Path, table: pa.Table) -> list[str]:
    """Return a note for each column with a value in single quotes, which CSV does not take off."""
    import pyarrow as pa
    import pyarrow.compute as pc

    notes = []
    for name in table.column_names:
        if not pa.types.is_string(table[name].type):
            continue
        row = pc.index(pc.fill_null(pc.match_substring_regex(table[name], r"^\s*'.*'\s*$"), False), True).as_py()
        if row >= 0:
            notes.append(
                f'The single quotes in the column "{name}" of {path}, as {table[name][row].as_py()} in row {row + 1}, '
                "belong to its values: only double quotes enclose a value."
            )
    return notes


def _pointed(text: object) -> str:
    return str(text).replace(",", ".")


def _csv_reason(error: BaseException) -> str:
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
    if ragged is None:
        return str(error).splitlines()[0].removeprefix("CSV parse error: ").rstrip(".")
    row, expected, got = (int(number) for number in ragged.groups())
    return f"the header has {expected} columns, but row {row - 1} has {got}"


def _refuse_other_encodings(file: CsvFile) -> None:
    """Refuse a file that is not UTF-8, with the first row that is not."""
    with opened(file.path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                row = number - file.layout.skip
                where = f"line {number}" if file.quoted or row < 1 else f"row {row}"
                raise FormatError(
                    f"{str(file.path)!r} must be text in UTF-8, but {where} has the byte "
                    f"0x{line[error.start]:02x}, as other encodings have (Latin-1, Windows-1252); save it as UTF-8"
                ) from None
