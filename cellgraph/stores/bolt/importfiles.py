"""The files that ``neo4j-admin database import full`` reads: the graph as the Bolt load writes it, as CSV.

A network is four kinds of files: samples, cells, which sample has which cell, and contacts.  Null is an empty field,
the empty string a quoted one; only strings are quoted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError
from cellgraph.stores.tables import SAMPLE_TYPES, Tables, column_types, type_of

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {"int": "long", "float": "double", "bool": "boolean", "str": "string"}
AFTERWARDS = "MATCH (s:Sample) WHERE s.shape IS NULL SET s.shape = [], s.spacing = []"
"""To run after an import, which leaves out empty lists, such as those of samples from tables."""

_BETWEEN_ITEMS = "\x1f"
_OPTIONS = (
    "--id-type=integer",
    "--array-delimiter=U+001F",
    "--multiline-fields=true",
    "--bad-tolerance=0",
    "--skip-bad-relationships=false",
    "--skip-duplicate-nodes=false",
)


class ImportFiles:
    """A folder of files for an import, network by network; ids start at 0, as in an empty database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[tuple[str, str, str]] = []
        self._networks = 0
        self._samples = 0
        self._cells = 0

    def add(self, tables: Tables, loaded: int) -> None:
        """Write the files of a network whose samples became complete at `loaded`, milliseconds since 1970.

        Raises
        ------
        InputError
            If a property has a name that such a file's header cannot hold, or contacts have no properties.
        """
        import numpy as np
        import pyarrow as pa

        first_sample, first_cell = self._samples, self._cells
        self._networks, self._samples = self._networks + 1, first_sample + len(tables.samples)
        self._cells += tables.cells.num_rows
        ids = pa.array(np.arange(first_cell, self._cells))
        owners = pa.array(tables.sample_of_cell.to_numpy() + first_sample)
        if tables.contacts.num_columns == 2:  # an empty list of properties would be left out
            raise InputError("neo4j-admin needs contacts with a property; load these through Bolt.")
        for number, sample in enumerate(tables.samples):
            properties = {
                **sample,
                "id": first_sample + number,
                "first_id": first_cell + sample["first_id"],
                "status": "complete",
                "loaded": loaded,
            }
            self._write("Sample", f"sample-{first_sample + number}", *_sample_row(properties))
        kinds = {"id:ID(Cell)": ids, **_columns(tables.cells, "cells")}
        self._write("Cell", f"cells-{self._networks}", [*kinds], [*kinds.values()])
        self._write(
            "HAS_CELL", f"has-cell-{self._networks}", [":START_ID(Sample)", ":END_ID(Cell)"], [owners, ids], nodes=False
        )
        ends = [pa.array(tables.contacts[end].to_numpy() + first_cell) for end in ("a", "b")]
        kinds = _columns(tables.contacts.drop_columns(["a", "b"]), "contacts")
        self._write(
            "TOUCHES",
            f"touches-{self._networks}",
            [":START_ID(Cell)", ":END_ID(Cell)", *kinds],
            [*ends, *kinds.values()],
            nodes=False,
        )

    def arguments(self, folder: str = "") -> list[str]:
        """Return the options of the import; the files are in `folder`, or in the working directory of the command."""
        place = f"{folder}/" if folder else ""
        return [*_OPTIONS, *(f"--{option}={kind}={place}{file}" for option, kind, file in self._files)]

    def _write(self, kind: str, name: str, header: list[str], columns: list[Any], *, nodes: bool = True) -> None:
        import pyarrow as pa
        from pyarrow import csv

        file = f"{name}.csv"
        option = "nodes" if nodes else "relationships"
        self._files.append((option, kind, file))
        with open(self._folder / file, "wb") as written:
            written.write((",".join(_quoted(text) for text in header) + "\n").encode())
            table = pa.table(columns, [str(number) for number in range(len(columns))])
            csv.write_csv(table, written, csv.WriteOptions(include_header=False, quoting_style="needed"))


def _columns(table: pa.Table, where: str) -> dict[str, Any]:
    """Return the columns that hold values, by their name in the header."""
    return {
        f"{_in_header(name, where)}:{_TYPES[kind]}": _for_java(table[name])
        for name, kind in column_types(table).items()
        if table[name].null_count < table.num_rows
    }


def _for_java(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Spell non-finite floats as Java does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type) or pc.all(pc.is_finite(column)).as_py() is not False:
        return column
    return pc.replace_substring(pc.replace_substring(column.cast(pa.string()), "inf", "Infinity"), "nan", "NaN")


def _sample_row(properties: dict[str, Any]) -> tuple[list[str], list[Any]]:
    header, columns = ["id:ID(Sample)"], [_column(properties.pop("id"))]
    for name, value in properties.items():
        if value is None:
            continue
        known = SAMPLE_TYPES.get(name) or type_of(value) or "str"
        kind, _, is_list = known.partition(" ")
        header.append(f"{_in_header(name, 'samples')}:{_TYPES[kind]}{'[]' if is_list else ''}")
        columns.append(_column(_BETWEEN_ITEMS.join(map(str, value)) if is_list else value))
    return header, columns


def _column(value: object) -> pa.ChunkedArray:
    import pyarrow as pa

    return _for_java(pa.chunked_array([pa.array([value])]))


def _in_header(name: str, where: str) -> str:
    if any(mark in name for mark in ':{}[]"\\'):
        raise InputError(
            f"the column {name!r} of {where} has a name that neo4j-admin cannot read in a header "
            "(no colon, quote, backslash, bracket or brace is allowed); rename it, or load it through Bolt."
        )
    return name


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text
