"""The catalogue of all queries: found as files, checked, and listed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cellgraph.errors import FormatError, NotFoundError, near
from cellgraph.queries.header import read, read_graph, read_sibling
from cellgraph.queries.query import GRAPH, PORTABLE, Query

if TYPE_CHECKING:
    import pyarrow as pa

DIALECTS = ("ladybug", "neo4j")

SCHEMA_GROUP = "schema"
"""The folder of statements that create a database; they belong to the stores and are not queries."""

HIDDEN_PREFIX = "_"
"""Groups with this prefix hold internal queries, which are not listed."""


def bundled() -> Path:
    """Return the folder of the queries that come with cellgraph.

    In a wheel it is ``cellgraph/_cypher``; in a checkout ``cypher`` beside the package.
    """
    package = Path(__file__).parent.parent
    inside = package / "_cypher"
    return inside if inside.is_dir() else package.parent / "cypher"


def own_folders() -> tuple[Path, ...]:
    """Return the folders of the user's own queries, named by ``CELLGRAPH_CYPHER_PATH`` (separated as in ``PATH``)."""
    named = os.environ.get("CELLGRAPH_CYPHER_PATH", "")
    return tuple(Path(name).expanduser() for name in named.split(os.pathsep) if name)


@dataclass(frozen=True)
class Catalogue:
    """Checked queries by name."""

    queries: Mapping[str, Query]

    @classmethod
    def load(cls, folders: Iterable[Path] | None = None) -> Catalogue:
        """Return every query of some folders, or of the bundled one and the user's own; read again if a file changed.

        Raises
        ------
        NotFoundError
            If a folder does not exist.
        FormatError
            If a file is invalid, or two have the same name.
        """
        chosen = tuple((bundled(), *own_folders()) if folders is None else folders)
        for folder in chosen:
            if not folder.is_dir():
                raise NotFoundError(f"the folder of queries {str(folder)!r} does not exist.")
        files = tuple(path for folder in chosen for path in folder.rglob("*.cypher"))
        return _read_all(chosen, tuple((path, path.stat().st_mtime_ns if path.exists() else 0) for path in files))

    def listed(self) -> list[Query]:
        """Return the public queries, by name."""
        return [query for query in self.queries.values() if not query.group.startswith(HIDDEN_PREFIX)]

    def table(self) -> pa.Table:
        """Return the listed queries as rows: query, parameters (with defaults), answers."""
        import pyarrow as pa

        rows = [
            {"query": query.name, "parameters": query.signature, "answers": query.summary} for query in self.listed()
        ]
        return pa.Table.from_pylist(rows, pa.schema({name: pa.string() for name in ("query", "parameters", "answers")}))

    def __contains__(self, name: str) -> bool:
        """Tell whether `name` is the name of a query."""
        return name.replace("neighbor", "neighbour") in self.queries or name in self.queries

    def __getitem__(self, name: str) -> Query:
        """Return a query; American spelling is understood, as in ``neighbors``.

        Raises
        ------
        NotFoundError
            If there is no query of that name.
        """
        if name not in self.queries and (british := name.replace("neighbor", "neighbour")) in self.queries:
            return self.queries[british]
        if name not in self.queries:
            known = [query.name for query in self.listed()]
            raise NotFoundError(
                f"there is no query {name!r}.{near(name, known) or ' There are: ' + ', '.join(known) + '.'}"
            )
        return self.queries[name]


@lru_cache(maxsize=8)
def _read_all(folders: tuple[Path, ...], stamps: tuple[tuple[Path, int], ...]) -> Catalogue:
    """Read every query of some folders; `stamps` makes the cache miss when a file has changed."""
    queries: dict[str, Query] = {}
    for folder in folders:
        for query in _read_folder(folder):
            if query.name in queries:
                raise FormatError(
                    f"{query.path}:1: there is already a query {query.name!r}, in {queries[query.name].path}; "
                    "rename the file."
                )
            queries[query.name] = query
    return Catalogue(dict(sorted(queries.items())))


def _read_folder(folder: Path) -> Iterator[Query]:
    """Read ``<group>/<name>.cypher`` with its siblings; files directly in the folder belong to the group ``own``."""
    files = sorted(
        path
        for path in folder.rglob("*.cypher")
        if path.relative_to(folder).parts[0] != SCHEMA_GROUP and not path.name.startswith(".")
    )
    siblings: dict[Path, dict[str, Path]] = {}
    for path in files:
        stem, _, dialect = path.stem.partition(".")
        if dialect and dialect not in (*DIALECTS, GRAPH):
            known = ", ".join((*DIALECTS, GRAPH))
            raise FormatError(f"{path}:1: unknown dialect {dialect!r}; expected one of {known}.")
        siblings.setdefault(path.with_name(f"{stem}.cypher"), {})[dialect] = path
    for portable, texts in siblings.items():
        if PORTABLE not in texts:
            stray = next(iter(texts.values()))
            raise FormatError(f"{stray}:1: a sibling needs its portable file, {portable.name}.")
        yield _read_query(folder, portable, texts)


def _read_query(folder: Path, path: Path, texts: Mapping[str, Path]) -> Query:
    header, text = read(path)
    group = path.relative_to(folder).parent
    graph, note = read_graph(texts[GRAPH], header) if GRAPH in texts else ("", "")
    return Query(
        name=path.stem,
        group=str(group) if group.parts else "own",
        summary=header.summary,
        description=header.description,
        parameters=header.parameters,
        columns=header.columns,
        texts={
            PORTABLE: text,
            **{dialect: read_sibling(file, header) for dialect, file in texts.items() if dialect in DIALECTS},
            **({GRAPH: graph} if graph else {}),
        },
        path=path,
        graph_note=note,
        conditions=header.conditions,
    )
