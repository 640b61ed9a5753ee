"""The layout of a CSV file: comment lines, whether there is a header, and the column separator."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, cast

from cellgraph.errors import FormatError, InputError
from cellgraph.tables import roles

_COMMENTS = ("//", "#", "%")
_MATRIX_MARKET = "%%MatrixMarket"
_GIVEN = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)
_LINES = 50
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Layout:
    """How to read a CSV file.

    Attributes
    ----------
    separator : str
        One character; a space means any number of spaces.
    names : list of str
        Column names; ``column_3`` for the third if it has no name.
    skip : int
        Lines above the first row.
    headed : bool
        Whether the file has a header with the names.
    """

    separator: str
    names: list[str]
    skip: int
    headed: bool


COMPRESSED = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}
"""Endings of compressed files, which are recognised by their first bytes."""


def _compression(beginning: bytes) -> str:
    """Return the name of the compression of a file, by its first bytes; empty if it is not compressed."""
    if beginning.startswith(b"\x1f\x8b"):
        return "gzip"
    if beginning.startswith(b"BZh") and beginning[4:10] == b"1AY&SY":
        return "bzip2"
    return "xz" if beginning.startswith(b"\xfd7zXZ\0") else ""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressing it if it is compressed with gzip, bzip2 or xz.

    Raises
    ------
    FormatError
        If compressed data is damaged or truncated, also during reading.
    """
    with path.open("rb") as file:
        form = _compression(file.peek(10)[:10])
    openers: dict[str, Callable[[Path], object]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    try:
        with cast(IO[bytes], openers[form](path)) if form else path.open("rb") as file:
            yield file
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        if not form or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise FormatError(f"{str(path)!r} is a damaged {form} file: {error}") from None


def find_layout(path: Path) -> Layout:
    """Read the beginning of a file: its comment lines, and its header or first row.

    Comment lines begin with ``//``, ``#`` or ``%`` and precede the table.  The last of them is the header if the line
    below it is not one.  A line ``sep=;``, as spreadsheets write it, tells the separator.

    Raises
    ------
    FormatError
        If there are only comments, or the beginning is not CSV.
    InputError
        If two columns have the same name, or it cannot be known whether there is a header.
    """
    comments: list[str] = []
    above = 0
    given: str | None = None
    with opened(path) as binary, io.TextIOWrapper(binary, "utf-8-sig", "replace", newline="") as file:
        first = ""
        for line in file:
            if line.startswith(_MATRIX_MARKET):
                raise FormatError(
                    f"{str(path)!r} is a matrix in the Matrix Market format, but must be a table with a row for each "
                    "relationship, as source,target,junctions"
                )
            told = None if given else _GIVEN.fullmatch(line)
            if told is None and line.strip() and not line.lstrip().startswith(_COMMENTS):
                first = line
                break
            above += 1
            if told is not None:
                given = told[1]
            elif line.strip():
                comments.append(line.strip().lstrip("/#%").strip())
        if not first:
            return _without_rows(path, comments, above)
        below = list(islice(file, _LINES))
        separator = given or _separator(path, first, below)
        reader = csv.reader(_spaced(chain([first], below, file), separator), delimiter=separator)
        try:
            fields, second = next(reader), None
            lines = reader.line_num
            second = next(reader, None)
        except csv.Error as error:
            raise FormatError(f"{str(path)!r} is not a table: {error}") from None
    fields = [field.strip() for field in fields]
    row = _is_row(fields, second)
    header = _behind_mark(comments, separator, fields, row)
    if header is not None:
        layout = Layout(separator, _named(header), above, True)
    elif row:
        _refuse_numbered(path, fields)
        layout = Layout(separator, _named([""] * len(fields)), above, False)
    else:
        layout = Layout(separator, _named(fields), above + lines, True)
    _refuse_twice(path, layout.names)
    return layout


def _without_rows(path: Path, comments: list[str], above: int) -> Layout:
    """Return the layout of a file with comment lines only; the last may be the header of an empty table."""
    last = comments[-1] if comments else ""
    separator = _separator(path, last, [])
    names = _named(next(csv.reader([last], delimiter=separator), []))
    if not any(roles.folded(name) in roles.LETTERS for name in names) and not roles.known(names):
        raise FormatError(f"{str(path)!r} holds comment lines only, but must be a table with a header and rows")
    _refuse_twice(path, names)
    return Layout(separator, names, above, True)


def _separator(path: Path, line: str, below: list[str]) -> str:
    """Return the most frequent of semicolon, tab and comma in a line; a space if it has none, but several words.

    Raises
    ------
    FormatError
        If all lines have the same number of words, but neither numbers nor names of columns tell that spaces separate
        them.
    """
    plain = re.sub(r'"[^"]*"', "", line)
    found = max(";\t,", key=plain.count)
    if found in plain:
        return found
    words = plain.split()
    if len(words) > 1 and all(map(_NUMBER.fullmatch, words)):
        return " "
    rows = [one.split() for one in below if one.strip()]
    if len(words) < 2 or not rows or any(len(row) != len(words) for row in rows) or '"' in line:
        return ","
    if roles.known(words) or any(_NUMBER.fullmatch(word) for row in (words, *rows) for word in row):
        return " "
    raise FormatError(
        f"{str(path)!r} seems to be separated by spaces, as in {line.strip()!r:.80}, but text may hold spaces too; "
        "separate the columns by commas or tabs"
    )


def _spaced(lines: Iterator[str], separator: str) -> Iterator[str]:
    """Return the lines with single spaces, if a space separates the columns."""
    return (" ".join(line.split()) + "\n" for line in lines) if separator == " " else lines


def _behind_mark(comments: list[str], separator: str, fields: list[str], row: bool) -> list[str] | None:
    """Return the header from the last comment line, if that is one; `row` tells whether the first line is a row."""
    if not comments:
        return None
    last = comments[-1].split() if separator == " " else next(csv.reader([comments[-1]], delimiter=separator), [])
    known = roles.known(last)
    if len(last) != len(fields):
        return None
    if row and (known or (len(last) > 1 and separator != " ")):
        return last
    return last if known > roles.known(fields) else None


def _is_row(fields: list[str], second: list[str] | None) -> bool:
    """Tell whether the first line is a row: it has numbers, no two common column names, and looks like the second line.

    A line whose first field is empty is a header, as programs write it above an index.
    """
    numbers = [bool(_NUMBER.fullmatch(field)) for field in fields]
    known = roles.known(fields)
    if not any(numbers) or known > 1 or not fields[0]:
        return False
    if second is None or len(second) != len(fields):
        return not known
    return all(
        number == bool(_NUMBER.fullmatch(below.strip()))
        for number, field, below in zip(numbers, fields, second, strict=True)
        if field and below.strip()
    )


def _refuse_numbered(path: Path, fields: list[str]) -> None:
    """Refuse a first line 0,1,2, which may be a row, or a header as programs write it for columns without names."""
    if len(fields) > 2 and fields == [str(number) for number in range(len(fields))]:
        raise InputError(
            f"the first line of {path}, {','.join(fields)}, may be a row or number the columns; write a header instead "
            "of it, or above it if it is a row"
        )


def _named(fields: list[str]) -> list[str]:
    """Return column names; ``column_3`` for the third if it has none (as pandas writes its index)."""
    return [field.strip() or f"column_{number}" for number, field in enumerate(fields, 1)]


def _refuse_twice(path: Path, names: list[str]) -> None:
    """Refuse names that are equal or differ only in case."""
    places: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        first = places.setdefault(name.lower(), number)
        if first != number:
            raise InputError(f"{path} has two columns {name!r}, the columns {first} and {number}; rename one of them")
