"""The layout of a CSV file: comment lines, whether there is a header, and the column separator."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, cast

from cellgraph.errors import FormatError, InputError
from cellgraph.tables import roles

_COMMENTS = ("//", "#")
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


def is_gzip(beginning: bytes) -> bool:
    """Tell whether a file is compressed with gzip, by its first bytes."""
    return beginning[:2] == b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressing it if it is compressed with gzip.

    Raises
    ------
    FormatError
        If compressed data is damaged or truncated, also during reading.
    """
    with path.open("rb") as file:
        compressed = is_gzip(file.peek(2))
    try:
        with gzip.open(path) if compressed else path.open("rb") as file:
            yield cast(IO[bytes], file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FormatError(f"{str(path)!r} is a damaged gzip file: {error}") from None


def find_layout(path: Path) -> Layout:
    """Read the beginning of a file: its comment lines, and its header or first row.

    Comment lines begin with ``//`` or ``#`` and precede the table.  The last of them is the header if the line below it
    is not one.

    Raises
    ------
    FormatError
        If there are only comments, or the beginning is not CSV.
    InputError
        If two columns have the same name.
    """
    comments: list[str] = []
    above = 0
    with opened(path) as binary, io.TextIOWrapper(binary, "utf-8-sig", "replace", newline="") as file:
        first = ""
        for line in file:
            if line.strip() and not line.lstrip().startswith(_COMMENTS):
                first = line
                break
            above += 1
            if line.strip():
                comments.append(line.strip().lstrip("/#").strip())
        if not first:
            return _without_rows(path, comments, above)
        separator = _separator(first)
        reader = csv.reader(_spaced(chain([first], file), separator), delimiter=separator)
        try:
            fields, second = next(reader), None
            lines = reader.line_num
            second = next(reader, None)
        except csv.Error as error:
            raise FormatError(f"{str(path)!r} is not a table: {error}") from None
    fields = [field.strip() for field in fields]
    header = _behind_mark(comments, separator, fields)
    if header is not None:
        layout = Layout(separator, _named(header), above, True)
    elif _is_row(fields, second):
        layout = Layout(separator, _named([""] * len(fields)), above, False)
    else:
        layout = Layout(separator, _named(fields), above + lines, True)
    _refuse_twice(path, layout.names)
    return layout


def _without_rows(path: Path, comments: list[str], above: int) -> Layout:
    """Return the layout of a file with comment lines only; the last may be the header of an empty table."""
    last = comments[-1] if comments else ""
    separator = _separator(last)
    names = _named(next(csv.reader([last], delimiter=separator), []))
    if not roles.is_known(names):
        raise FormatError(f"{str(path)!r} holds comment lines only, but must be a table with a header and rows")
    _refuse_twice(path, names)
    return Layout(separator, names, above, True)


def _separator(line: str) -> str:
    """Return the most frequent of semicolon, tab and comma in a line; a space if a line of numbers has none."""
    plain = re.sub(r'"[^"]*"', "", line)
    found = max(";\t,", key=plain.count)
    if found in plain:
        return found
    words = plain.split()
    return " " if len(words) > 1 and all(map(_NUMBER.fullmatch, words)) else ","


def _spaced(lines: Iterator[str], separator: str) -> Iterator[str]:
    """Return the lines with single spaces, if a space separates the columns."""
    return (" ".join(line.split()) + "\n" for line in lines) if separator == " " else lines


def _behind_mark(comments: list[str], separator: str, fields: list[str]) -> list[str] | None:
    """Return the header from the last comment line, if that is one."""
    if not comments:
        return None
    last = comments[-1].split() if separator == " " else next(csv.reader([comments[-1]], delimiter=separator), [])
    known = roles.is_known(last)
    if len(last) != len(fields) or not (known or len(last) > 1):
        return None
    if any(map(_NUMBER.fullmatch, fields)) and not roles.is_known(fields):
        return last
    return last if known and not roles.is_known(fields) else None


def _is_row(fields: list[str], second: list[str] | None) -> bool:
    """Tell whether the first line is a row: it has numbers, no common column name, and looks like the second line."""
    numbers = [bool(_NUMBER.fullmatch(field)) for field in fields]
    if not any(numbers) or roles.is_known(fields):
        return False
    if second is None or len(second) != len(fields):
        return True
    return all(
        number == bool(_NUMBER.fullmatch(below.strip()))
        for number, field, below in zip(numbers, fields, second, strict=True)
        if field and below.strip()
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
