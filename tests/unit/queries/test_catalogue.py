"""Finding query files: those that come along, and folders of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cellgraph.errors import FormatError, NotFoundError
from cellgraph.queries import Catalogue
from cellgraph.queries.catalogue import DIALECTS, bundled

NAMES = [
    "cells",
    "common-neighbours",
    "components",
    "connection-count",
    "contact-fraction",
    "contacts",
    "contacts-by",
    "degree",
    "diff",
    "hubs",
    "khop",
    "khop-profile",
    "khop-summary",
    "khop-types",
    "nearest",
    "neighbours",
    "neighbours-mean",
    "patches",
    "path",
    "paths",
    "reciprocal",
    "samples",
    "similar",
    "squares",
    "summary",
    "t1-candidates",
    "triangles",
    "within",
]

QUERY = "// Labels.\n//\n// Returns\n//   cell: int   label\nMATCH (c:Cell) RETURN c.label AS cell ORDER BY cell\n"


def test_the_queries_are_these() -> None:
    assert [query.name for query in Catalogue.load().listed()] == NAMES


def test_columns_that_programs_rely_on() -> None:
    columns = {query.name: [column.name for column in query.columns] for query in Catalogue.load().listed()}
    assert columns["contacts"][:5] == ["sample", "cell_a", "cell_b", "junctions", "area"]
    assert columns["cells"][:7] == ["sample", "cell", "voxels", "volume", "z", "y", "x"]
    assert "on_border" in columns["cells"]
    assert columns["khop"] == ["sample", "cell", "hop", "cells", "within"]
    assert columns["neighbours"][:5] == ["sample", "cell", "neighbour", "junctions", "area"]
    assert columns["path"] == ["step", "cell", "junctions"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_read_starts_from_a_complete_sample(dialect: str) -> None:
    for query in Catalogue.load().queries.values():
        if (query.name, dialect) == ("contacts-unsorted", "ladybug"):  # a file holds complete samples only
            continue
        if query.name == "contacts-of-cells":  # of ids that a complete sample has
            continue
        first = query.text(dialect).splitlines()[0]
        starts = ("MATCH (s:Sample {status: 'complete'})", "MATCH (c:Cell), (s:Sample {status: 'complete'})")
        assert first.startswith(starts), query.name


def test_every_listed_query_takes_a_sample() -> None:
    without = [query.name for query in Catalogue.load().listed() if not query.takes("sample")]
    assert without == ["diff"]  # it is about two


def test_american_spelling_is_understood() -> None:
    catalogue = Catalogue.load()
    for name in ("neighbors", "common-neighbors", "neighbors-mean"):
        assert catalogue[name].name == name.replace("neighbor", "neighbour")


def test_the_list_as_rows() -> None:
    rows = {row["query"]: row for row in Catalogue.load().table().to_pylist()}
    assert list(rows) == NAMES
    assert rows["khop"]["parameters"] == "k=2 cell=null sample=null"
    assert rows["neighbours"]["parameters"] == "cell=… sample=null"
    assert rows["samples"]["answers"] == "Samples in the database, and how each was made."


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a query of its user's, in a group."""
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "labels.cypher").write_text(QUERY)
    return tmp_path


def test_folders_of_ones_own(own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (second / "more.cypher").write_text(QUERY)
    monkeypatch.setenv("CELLGRAPH_CYPHER_PATH", f"{own}{os.pathsep}")
    with pytest.raises(FormatError, match="there is already a query 'more'"):
        Catalogue.load([own, second])  # the first holds the second
    catalogue = Catalogue.load()
    assert (catalogue["labels"].group, catalogue["khop"].group) == ("shapes", "reach")
    assert catalogue["labels"].path == own / "shapes" / "labels.cypher"


def test_a_folder_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLGRAPH_CYPHER_PATH", "/nowhere")
    with pytest.raises(NotFoundError, match="'/nowhere' does not exist"):
        Catalogue.load()


def test_a_name_that_is_taken(own: Path) -> None:
    taken = own / "khop.cypher"
    taken.write_text(QUERY)
    with pytest.raises(FormatError, match="there is already a query 'khop'") as caught:
        Catalogue.load([bundled(), own])
    assert str(caught.value).startswith(f"{taken}:1: ")


def test_schema_statements_are_no_queries(own: Path) -> None:
    (own / "schema").mkdir()
    (own / "schema" / "cells.cypher").write_text("CREATE NODE TABLE Cell(id INT64 PRIMARY KEY)")
    assert list(Catalogue.load([own]).queries) == ["labels"]


def test_siblings(own: Path) -> None:
    text = "MATCH (c:Cell) RETURN c.id AS cell ORDER BY cell\n"
    (own / "shapes" / "labels.neo4j.cypher").write_text("// Why.\n" + text)
    query = Catalogue.load([own])["labels"]
    assert query.text("neo4j") == text
    assert query.text("ladybug") == QUERY.splitlines(keepends=True)[-1]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("labels.oracle.cypher", "unknown dialect 'oracle'; expected one of ladybug, neo4j"),
        ("alone.neo4j.cypher", "a sibling needs its portable file, alone.cypher"),
    ],
)
def test_siblings_that_do_not_fit(own: Path, name: str, message: str) -> None:
    path = own / "shapes" / name
    path.write_text("// Why.\n" + QUERY.splitlines()[-1])
    with pytest.raises(FormatError, match=message) as caught:
        Catalogue.load([own])
    assert str(caught.value).startswith(f"{path}:1: ")


def test_an_unknown_name() -> None:
    with pytest.raises(NotFoundError, match=r"there is no query 'khob'\. Did you mean 'khop'"):
        Catalogue.load()["khob"]
    with pytest.raises(NotFoundError, match=r"There are: cells, common-neighbours, .* within"):
        Catalogue.load()["zzzzzz"]
