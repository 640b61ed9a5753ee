"""Load tables in many files into a database, one sample per file: a damaged file does not stop the rest."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cellgraph.errors import CellgraphError, ExistsError, InputError
from cellgraph.loading.group import LEAST_BYTES
from cellgraph.loading.together import together
from cellgraph.machine import free_memory
from cellgraph.model import Network, Report
from cellgraph.stores import Store
from cellgraph.stores.tables import column_types
from cellgraph.tables.files import FileSet
from cellgraph.tables.reading import ReadTables, read_tables

if TYPE_CHECKING:
    import pyarrow as pa

Types = dict[str, dict[str, str]]
"""For ``cells`` and ``contacts``: the type of each column."""

_SHOWN = 5


@dataclass
class Loaded:
    """What was loaded, file by file.

    Attributes
    ----------
    samples : list of str
        Names of the samples now in the database.
    cells, contacts : int
        Number loaded.
    notes, failed : list of str
        Sentences for the user, and why a file was not loaded.
    readings : list of str
        Which columns hold what, without duplicates.
    """

    samples: list[str]
    cells: int
    contacts: int
    notes: list[str]
    failed: list[str]
    readings: list[str]


def load_files(
    store: Store, sets: Sequence[FileSet], *, replace: bool, resume: bool, report: Report | None, **options: Any
) -> Loaded:
    """Load the tables of many files.

    All files are read twice: once to find damaged ones and the common types of their columns, and once to write them.
    Samples become visible in groups, since every write to a database file copies it.

    Parameters
    ----------
    store : Store
        Opened to write.
    sets : sequence of FileSet
        The files of each sample.
    replace : bool
        Whether to replace samples of these names.
    resume : bool
        Whether to skip files that an earlier call loaded.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total.
    **options
        Options of `read_tables`, the same for all.

    Raises
    ------
    ExistsError
        If a sample is already in the database (from another file, if `resume` is true) and `replace` is false.
    """
    done = Loaded([], 0, 0, [], [], [])
    sets = _remaining(store, sets, replace, resume, done)
    schemas: list[_Schema] = []
    for number, one in enumerate(sets):
        if report is not None:
            report("files read", number, len(sets))
        try:
            read = _read(one, options)
        except CellgraphError as error:
            done.failed.append(_named(one, error))
            continue
        schemas.append(_schema(one, read.network))
        done.notes += [note for note in read.notes if note not in done.notes]
        done.readings += [read.reading] if read.reading not in done.readings else []
    there: Types = {"cells": {}, "contacts": {}}
    if store.sample_names():
        there = {of: {column.name: column.type for column in store.columns(of)} for of in ("cells", "contacts")}
    types, good = _common(schemas, there, done)
    done.notes += _differing(good)
    for group in _groups(store, [schema.files for schema in good], types, options, done):
        _write(store, group, replace, done)
        if report is not None:
            report("files", len(done.samples) + len(done.failed), len(sets))
    return done


def _remaining(store: Store, sets: Sequence[FileSet], replace: bool, resume: bool, done: Loaded) -> list[FileSet]:
    """Return the files that are still to be loaded."""
    there = set(store.sample_names())
    taken = [one for one in sets if one.sample in there]
    if not there or (not resume and (replace or not taken)):
        return list(sets)
    if not resume:
        raise ExistsError(
            f"the sample {taken[0].sample!r} is already in the database; replace it with --replace (replace=True), or "
            "go on with the files that are not loaded yet with --resume (resume=True)"
        )
    rows = store.run("MATCH (s:Sample {status: 'complete'}) RETURN s.name AS name, s.source AS source")
    sources = dict(zip(rows["name"].to_pylist(), rows["source"].to_pylist(), strict=True))
    _refuse_other_names(sets, sources)
    for one in taken:
        if os.path.abspath(sources[one.sample] or "") != os.path.abspath(one.source):
            raise ExistsError(
                f"the sample {one.sample!r} is already in the database, but of {sources[one.sample]!r} and not of "
                f"{one.source!r}; rename the file, or replace the sample with --replace (replace=True)"
            )
    if taken:
        done.notes.append(f"{len(taken):,} of {len(sets):,} files were loaded before, and are left as they are.")
    return [one for one in sets if one.sample not in there]


def _refuse_other_names(sets: Sequence[FileSet], sources: Mapping[str, str | None]) -> None:
    """Refuse files that were loaded before under other names, as another pattern gives them."""
    loaded = {os.path.abspath(source): name for name, source in sources.items() if source}
    for one in sets:
        before = loaded.get(os.path.abspath(one.source))
        if before is not None and one.sample not in sources:
            raise ExistsError(
                f"{one.source} is already in the database, as the sample {before!r}, but would now be {one.sample!r}; "
                "give the same files as before, or leave this one out"
            )


def _read(one: FileSet, options: dict[str, Any]) -> ReadTables:
    return read_tables(one.cells, one.network, sample=one.sample, **options)


def _tables(network: Network) -> dict[str, pa.Table]:
    return {"cells": network.cells, "contacts": network.contacts}


@dataclass(frozen=True)
class _Schema:
    """The types of the non-empty columns of a network, and the first text in each text column."""

    files: FileSet
    types: Types
    texts: dict[str, str]


def _schema(files: FileSet, network: Network) -> _Schema:
    types: Types = {}
    texts = dict[str, str]()
    for of, table in _tables(network).items():
        types[of] = {name: kind for name, kind in column_types(table).items() if table[name].null_count < len(table)}
        texts |= {name: _first_text(table[name]) for name, kind in types[of].items() if kind == "str"}
    return _Schema(files, types, texts)


def _first_text(column: pa.ChunkedArray) -> str:
    """Return the first value in a column that is not a number, or else the first value."""
    import pyarrow.compute as pc

    text = pc.match_substring_regex(column, r"^\s*[-+]?[\d.]+([eE][-+]?\d+)?\s*$")
    found = column.filter(pc.invert(text))
    return str((found if len(found) else column.drop_null())[0].as_py())


def _common(schemas: Sequence[_Schema], there: Types, done: Loaded) -> tuple[Types, list[_Schema]]:
    """Return the types of the columns in the database or in most files, and the files that have them.

    Integers become floats if another file has floats.
    """
    types: Types = {of: dict(known) for of, known in there.items()}
    for of, known in types.items():
        for name in dict.fromkeys(name for schema in schemas for name in schema.types[of]):
            kinds = Counter(_kind(schema.types[of][name]) for schema in schemas if name in schema.types[of])
            kind = _kind(known[name]) if name in known else kinds.most_common(1)[0][0]
            whole = all(schema.types[of].get(name) != "float" for schema in schemas) and known.get(name) != "float"
            known[name] = kind if kind != "number" else "int" if whole else "float"
    good = []
    for schema in schemas:
        if odd := _odd(schema, types):
            done.failed.append(_named(schema.files, InputError(odd)))
        else:
            good.append(schema)
    return types, good


def _kind(stored: str) -> str:
    return "number" if stored in ("int", "float") else stored


def _odd(schema: _Schema, types: Types) -> str:
    """Return a message on a column of a file that has another type; empty if there is none."""
    said = {"int": "whole numbers", "float": "numbers", "bool": "true and false", "str": "text"}
    for of, own in schema.types.items():
        for name, kind in own.items():
            if _kind(kind) != _kind(types[of][name]):
                what = f"text, as {schema.texts[name]!r}" if kind == "str" else said[kind]
                return (
                    f"the column {name!r} of {of} holds {what}, but {said[types[of][name]]} in the other files or in "
                    "the database; mend it, or rename the column"
                )
    return ""


def _without(names: Iterable[str], others: Container[str]) -> list[str]:
    return [name for name in names if name not in others]


def _differing(schemas: Sequence[_Schema]) -> list[str]:
    """Name the files whose columns differ from those of the first one."""
    notes = []
    for of in ("cells", "contacts"):
        for schema in schemas[1:]:
            first, columns, one = schemas[0].types[of], schema.types[of], schema.files
            told = [
                f"{what} {', '.join(map(repr, names[:_SHOWN]))}{', …' if len(names) > _SHOWN else ''}"
                for what, names in (("has no", _without(first, columns)), ("has also", _without(columns, first)))
                if names
            ]
            file = one.cells if of == "cells" else one.network
            if told:
                notes.append(
                    f"The columns of {file or one.source} are not those of the first file: it {' and '.join(told)}."
                )
    return notes


def _groups(
    store: Store, sets: Sequence[FileSet], types: Types, options: dict[str, Any], done: Loaded
) -> Iterator[list[tuple[FileSet, Network]]]:
    """Yield groups of networks to write together, as large as what is already written, so that copying stays cheap.

    A group takes at most a twelfth of the free memory.
    """
    most = free_memory() // 12
    group: list[tuple[FileSet, Network]] = []
    size = written = 0
    for one in sets:
        try:
            network = _typed(_read(one, options).network, types)
        except CellgraphError as error:  # the file has changed since it was first read
            done.failed.append(_named(one, error))
            continue
        group.append((one, network))
        size += network.cells.nbytes + network.contacts.nbytes
        if not store.copies_whole or size >= max(LEAST_BYTES, min(written, most)):
            yield group
            group, size, written = [], 0, written + size
    if group:
        yield group


def _typed(network: Network, types: Types) -> Network:
    """Return a network with columns of the common types of all files."""
    import pyarrow as pa

    kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
    changed = {}
    for of, table in _tables(network).items():
        for place, name in enumerate(table.column_names):
            wanted = kinds[types[of].get(name, "str")]
            if name not in types[of] or table[name].type == wanted:
                continue
            column = table[name]
            empty = column.null_count == len(column)
            made = pa.nulls(len(column), wanted) if empty else column.cast(wanted, safe=False)
            table = table.set_column(place, name, made)
        changed[of] = table
    return replace(network, **changed)


def _write(store: Store, group: Sequence[tuple[FileSet, Network]], replace: bool, done: Loaded) -> None:
    """Write some samples at once; if one of them fails, write each alone."""
    names = [one.sample for one, _ in group]
    try:
        store.write_all(names, together(network for _, network in group), replace=replace)
    except CellgraphError as error:
        if len(group) > 1 and isinstance(error, InputError | ExistsError):
            for one in group:
                _write(store, [one], replace, done)
        else:
            done.failed += [_named(one, error) for one, _ in group]
        return
    done.samples += names
    done.cells += sum(network.cells.num_rows for _, network in group)
    done.contacts += sum(network.contacts.num_rows for _, network in group)


def _named(one: FileSet, error: CellgraphError) -> str:
    text = str(error)
    return text if any(file and file in text for file in (one.cells, one.network)) else f"{one.source}: {text}"
