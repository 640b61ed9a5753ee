"""The SQL in docs/sql.md, in SQLite and DuckDB, and the commands beside it give the same rows."""

from __future__ import annotations

import csv
import io
import re
import shlex
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command import cellgraph

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "sql.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)
TABLES = {name: text for kind, name, text in BLOCKS if kind == "csv" and name}
VIEW = next(text for kind, _, text in BLOCKS if kind == "sql")
Rows = tuple[list[str], list[tuple[Any, ...]]]


def pairs() -> list[tuple[str, str, str, str]]:
    """Return each statement, its only engine if it has one, the command beside it, and which rows of that."""
    commands = [(at, text.strip(), name) for at, (kind, name, text) in enumerate(BLOCKS) if kind == "console"]
    found = []
    for at, (kind, only, text) in enumerate(BLOCKS):
        if kind == "sql" and not text.startswith("CREATE VIEW"):
            # The command follows its statement; one for a single engine stands after both.
            of = [entry for entry in commands if (entry[0] < at) == bool(only)]
            _, command, where = of[-1] if only else of[0]
            found.append((text, only, command, where.removeprefix("where ")))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the document as files, and as a graph by its command."""
    path = tmp_path_factory.mktemp("animals")
    for name, text in TABLES.items():
        (path / name).write_text(text)
    (load,) = [text for kind, _, text in BLOCKS if kind == "console" and "load-tables" in text]
    cellgraph(*shlex.split(load)[1:], cwd=path)
    return path


def in_sqlite(folder: Path, statement: str) -> Rows:
    with closing(sqlite3.connect(":memory:")) as db:
        return _asked(db, folder, statement)


def in_duckdb(folder: Path, statement: str) -> Rows:
    with duckdb.connect() as db:
        return _asked(db, folder, statement)


def _asked(db: Any, folder: Path, statement: str) -> Rows:
    for name in TABLES:
        header, *rows = csv.reader((folder / name).read_text().splitlines())
        types = ["INTEGER" if value.isdigit() else "TEXT" for value in rows[0]]
        columns = ", ".join(f"{column} {kind}" for column, kind in zip(header, types, strict=True))
        db.execute(f"CREATE TABLE {Path(name).stem} ({columns})")
        for row in rows:
            db.execute(f"INSERT INTO {Path(name).stem} VALUES ({', '.join('?' * len(row))})", row)
    db.execute(VIEW)
    cursor = db.execute(statement)
    return [column[0] for column in cursor.description], [tuple(row) for row in cursor.fetchall()]


def in_cellgraph(folder: Path, command: str, where: str, names: list[str]) -> list[tuple[Any, ...]]:
    """Return some columns of the rows of a command for which a condition holds."""
    rows = list(csv.DictReader(io.StringIO(cellgraph(*shlex.split(command)[1:], "--format", "csv", cwd=folder).stdout)))
    if where:
        column, sign, number = re.fullmatch(r"(\w+)([=>])(\d+)", where).groups()  # type: ignore[union-attr]
        kept: Callable[[int], bool] = {"=": int(number).__eq__, ">": int(number).__lt__}[sign]
        rows = [row for row in rows if kept(int(row[column]))]
    if names == ["path"]:
        return [(f",{','.join(row['cell'] for row in rows)},",)]
    return [tuple(int(row[name]) if row[name].isdigit() else row[name] for name in names) for row in rows]


@pytest.mark.parametrize("engine", [in_sqlite, in_duckdb])
@pytest.mark.parametrize(("statement", "only", "command", "where"), pairs())
def test_sql_and_cellgraph_agree(
    folder: Path, engine: Callable[[Path, str], Rows], statement: str, only: str, command: str, where: str
) -> None:
    if only and engine is in_sqlite:
        with pytest.raises(sqlite3.OperationalError):  # as the document says
            engine(folder, statement)
        return
    names, rows = engine(folder, statement)
    assert rows
    assert rows == in_cellgraph(folder, command, where, names)


def test_the_rows_that_are_shown_are_those_of_the_commands(folder: Path) -> None:
    shown = 0
    for (kind, name, command), (after, table, text) in pairwise(BLOCKS):
        if kind == "console" and after == "csv" and not table:
            header, *rows = csv.reader(io.StringIO(text))
            assert [tuple(map(int, row)) for row in rows] == in_cellgraph(folder, command.strip(), name, header)
            shown += 1
    assert shown == 2
