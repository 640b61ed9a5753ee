"""Rows for people and for programs: the shared ``--format`` and ``--output`` of all commands that print rows.

    table     for reading: the first 40 rows, readable numbers, as many columns as fit the terminal; a single wide row
              is printed vertically, one line per column
    csv       plain: header, full precision, empty for null, ``true`` and ``false``
    json      an array of objects; integers beyond 2**53 as text, because most readers would round them
    parquet   exact, with types

Data goes to stdout or to the file; notes about it (rows not shown) go to stderr.
"""

from __future__ import annotations

import errno
import itertools
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from cellgraph.cli.stdout import printing
from cellgraph.cli.streams import say
from cellgraph.errors import CellgraphError, NotFoundError, ParameterError, printable
from cellgraph.files import output_file, writing_to
from cellgraph.model import hint_for

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table

SHOWN_ROWS = 40
_BATCH_ROWS = 20_000
_WIDE = 120
_EXACT_IN_JSON = 2**53


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        "-f",
        help="How rows are printed; by default a table, or the format that the name of --output ends in.",
    ),
]
ColumnsOption = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B,…", help="Only these columns, in this order.", show_default=False),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write the rows to this file instead of to stdout.")
]


def render(
    rows: pa.Table | Iterator[pa.Table],
    fmt: Format | str | None = None,
    output: Path | None = None,
    *,
    columns: str | None = None,
    whole: bool = False,
) -> None:
    """Print the rows of a table to stdout, or write them to a file.

    Parameters
    ----------
    rows : pyarrow.Table or iterator of these
        The rows; several tables have the same columns, and memory holds one at a time, except for ``table``.
    fmt : Format or str, optional
        ``table``, ``csv``, ``json`` or ``parquet``. None uses the ending of `output`, or else ``table``.
    output : pathlib.Path, optional
        A file; it appears only once it is complete. None is stdout.
    columns : str, optional
        Comma-separated names of the columns to show; by default all.
    whole : bool
        Whether ``table`` shows all rows.

    Raises
    ------
    ParameterError
        For parquet to a terminal, a file that cannot be written, or a column that does not exist.
    NotFoundError
        If the folder of `output` does not exist.
    """
    check_output(output, fmt)
    chosen = Format(fmt) if fmt is not None else _format_of(output)
    if chosen is Format.parquet and output is None and sys.stdout.isatty():
        raise ParameterError("parquet is binary and stdout is a terminal; use --output FILE, or redirect it.")
    import pyarrow as pa

    tables = iter([rows]) if isinstance(rows, pa.Table) else rows
    if columns is not None:
        tables = (_selected(table, columns) for table in tables)
    first = next(tables)  # before a file is created: a query that fails leaves none
    tables = itertools.chain([first], tables)
    with _sink(output) as sink:
        if chosen is Format.csv:
            _write_csv(first.column_names, tables, sink)
        elif chosen is Format.json:
            _write_json(tables, sink)
        elif chosen is Format.parquet:
            _write_parquet(first.schema, tables, sink)
        else:
            _write_table(pa.concat_tables(tables), sink, whole=whole or output is not None)


def check_output(output: Path | None, fmt: str | Format | None) -> None:
    """Reject a file that cannot be written, before anything is computed; see `render` for the errors."""
    if output is None:
        return
    if fmt is None:
        _format_of(output)
    if not output.parent.is_dir():
        raise NotFoundError(f"the folder {str(output.parent)!r} of --output does not exist; create it first.")
    if output.is_dir():
        raise ParameterError(f"--output needs the name of a file, but {str(output)!r} is a folder.")
    place = output if output.exists() and not output.is_file() else output.parent
    if not os.access(place, os.W_OK):
        raise CellgraphError(f"cannot write {str(output)!r}: {os.strerror(errno.EACCES)}.")


def _selected(table: pa.Table, columns: str) -> pa.Table:
    wanted = [name.strip() for name in columns.split(",") if name.strip()]
    for name in wanted:
        if name not in table.column_names:
            hint = hint_for(name, table.column_names) or f" There are: {', '.join(table.column_names)}."
            raise ParameterError(f"--columns names {name!r}, but these rows have no such column.{hint}")
    if not wanted or len(set(wanted)) < len(wanted):
        raise ParameterError(f"--columns needs comma-separated names of columns, each once, but got {columns!r}.")
    return table.select(wanted)


def _format_of(output: Path | None) -> Format:
    """Return the format for the ending of a file name."""
    ending = "" if output is None else output.suffix.lower().lstrip(".")
    if ending in ("csv", "json", "parquet"):
        return Format(ending)
    if output is not None and ending not in ("", "txt") and (output.is_file() or not output.exists()):
        raise ParameterError(
            f"--output {str(output)!r} ends in .{ending}, which is not a supported format; name it .csv, .json, "
            ".parquet or .txt (a table for reading), or choose one with --format."
        )
    return Format.table


@contextmanager
def _sink(output: Path | None) -> Iterator[IO[bytes]]:
    """Open the destination of rows: stdout, or a file that gets its name only once it is complete."""
    if output is None:
        with printing():
            sys.stdout.flush()
            yield sys.stdout.buffer
        return
    if output.exists() and not output.is_file():  # a pipe or a device, which cannot be replaced
        with writing_to(output), output.open("wb") as sink:
            yield sink
        return
    with output_file(output) as part, part.open("wb") as sink:
        yield sink


# csv --------------------------------------------------------------------------------------------------------


def _write_csv(names: list[str], tables: Iterable[pa.Table], sink: IO[bytes]) -> None:
    """Write a header and the rows; quotes only where needed (pyarrow's writer quotes all text)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    header = pa.array([str(name) for name in names], pa.string())
    sink.write((",".join(_quoted(header).to_pylist()) + "\n").encode())
    for batch in _batches(tables):
        columns = [_csv_text(column) for column in batch.columns]
        if not columns:
            continue
        lines = pc.binary_join_element_wise(
            *columns, pa.scalar(",", pa.string()), null_handling="replace", null_replacement=""
        )
        sink.write("\n".join(lines.to_pylist()).encode() + b"\n")


def _csv_text(column: pa.Array) -> pa.Array:
    """Return a column as text, quoted where needed; null stays null."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.cast(pa.string())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = pa.array([_plain_text(value) for value in column.to_pylist()], pa.string())
    return _quoted(column.cast(pa.string()))


def _quoted(texts: pa.Array) -> pa.Array:
    """Put quotes around the texts that hold a comma, a quote or a line break."""
    import pyarrow.compute as pc

    needs = pc.match_substring_regex(texts, '[",\r\n]')
    if not pc.any(needs).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    inside = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(needs, inside, texts)


def _plain_text(value: object) -> str | None:
    """Return a value that is not a number as one line of text: lists and maps as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple):
        return json.dumps(_json_value(value), ensure_ascii=False)
    return str(value)


# json and parquet -------------------------------------------------------------------------------------------


def _batches(tables: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    for table in tables:
        yield from table.to_batches(max_chunksize=_BATCH_ROWS)


def _write_json(tables: Iterable[pa.Table], sink: IO[bytes]) -> None:
    """Write an array of objects, one per line; say which infinities, which JSON does not have, became null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    before = "[\n"
    infinite = dict[str, int]()
    for batch in _batches(tables):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_floating(column.type) and (number := pc.sum(pc.is_inf(column)).as_py()):
                infinite[name] = infinite.get(name, 0) + number
        for row in batch.to_pylist():
            sink.write((before + json.dumps(_json_value(row), ensure_ascii=False)).encode())
            before = ",\n"
    sink.write(b"[]\n" if before == "[\n" else b"\n]\n")
    for name, number in infinite.items():
        say(
            f"cellgraph: {number:,} infinite value{'s' if number > 1 else ''} of the column {name!r} became null, as "
            f"JSON has no infinity; csv and parquet keep {'them' if number > 1 else 'it'}."
        )


def _json_value(value: Any) -> Any:
    """Return a value for JSON: no NaN, no integers that readers round, text for other types."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) > _EXACT_IN_JSON else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    return str(value)


def _write_parquet(schema: pa.Schema, tables: Iterable[pa.Table], sink: IO[bytes]) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(sink, schema) as writer:
        for table in tables:
            writer.write_table(table.cast(schema))


# table ------------------------------------------------------------------------------------------------------


def _write_table(table: pa.Table, sink: IO[bytes], *, whole: bool) -> None:
    """Write rows for reading; `whole` shows all rows."""
    import io
    import shutil

    from rich.console import Console

    terminal = sink is sys.stdout.buffer and sys.stdout.isatty()
    shown = table if whole else table.slice(0, SHOWN_ROWS)
    columns = [[_readable(value) for value in column.to_pylist()] for column in shown.columns]
    names = [printable(str(name)) for name in table.column_names]
    widths = [max(map(len, (name, *texts))) + 2 for name, texts in zip(names, columns, strict=True)]
    room = shutil.get_terminal_size().columns if terminal else sum(widths)
    count = _columns_that_fit(widths, room)
    if table.num_rows == 1 and not whole and sum(widths) > (room if terminal else _WIDE):
        width = max(map(len, names))
        lines = (f"{name:<{width}}  {text[0]}".rstrip() for name, text in zip(names, columns, strict=True))
        sink.write("\n".join(lines).encode() + b"\n")
        return
    page = io.StringIO()
    console = Console(file=page, width=room, force_terminal=terminal, no_color=not terminal, markup=False, emoji=False)
    console.print(_grid(shown.schema, columns, count), highlight=False)
    sink.write("\n".join(line.rstrip() for line in page.getvalue().splitlines()).encode() + b"\n")
    _tell_what_is_hidden(table, shown.num_rows, count)


def _grid(schema: pa.Schema, columns: list[list[str]], count: int) -> Table:
    """Lay out the first columns: numbers to the right, all else to the left."""
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for field in list(schema)[:count]:
        grid.add_column(printable(field.name), justify="right" if _is_number(field.type) else "left", overflow="fold")
    for row in zip(*columns[:count], strict=True):
        grid.add_row(*row)
    return grid


def _columns_that_fit(widths: list[int], room: int) -> int:
    """Return how many of the first columns fit side by side, at least one."""
    used = 0
    for count, width in enumerate(widths):
        used += width
        if count and used - 2 > room:
            return count
    return len(widths)


def _tell_what_is_hidden(table: pa.Table, rows: int, columns: int) -> None:
    """Say on stderr what a table left out, or that there was nothing to show."""
    sys.stdout.flush()  # on a terminal the table comes first
    hidden = []
    if table.num_rows > rows:
        hidden.append(f"{table.num_rows - rows:,} more rows")
    if table.num_columns > columns:
        hidden.append(f"{table.num_columns - columns} more columns ({', '.join(table.column_names[columns:])})")
    some = ", --columns A,B some" if table.num_columns > columns else ""
    if hidden:
        say(f"… {' and '.join(hidden)}: --format csv prints all{some}.")
    elif not table.num_rows:
        say("(no rows)")


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _readable(value: object) -> str:
    """Return a value as readable text: six significant digits, no control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _readable_float(value)
    return printable(_plain_text(value) or "")


def _readable_float(value: float) -> str:
    """Return a float with six significant digits, and all digits before the decimal point."""
    if not math.isfinite(value):
        return str(value)
    if 1e5 <= abs(value) < 1e15:
        return f"{value:.0f}"
    return f"{value:.6g}"
