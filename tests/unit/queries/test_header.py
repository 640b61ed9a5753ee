"""Query files: what a header declares, and every mistake told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellgraph.errors import FormatError
from cellgraph.queries.header import read, read_graph, read_sibling
from cellgraph.queries.query import Parameter, Returned

GOOD = """\
// Cells above a volume.
//
// More about it,
// on two lines.
//
// Parameters
//   above: float                    volume to start from
//   k: int = 2 (1..30, literal)     largest distance
//   cell: int = null (cell)         label of one cell
//   sample: str = 'a'               name of one sample
//   samples: str list = null        names of samples
// Returns
//   label: int                      label of the cell
//   shape: int list                 shape of the volume
// not a header line, but prose of the last section is none
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for query files."""
    return tmp_path


def write(folder: Path, text: str, name: str = "mine.cypher") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


HEADER = "// What it answers.\n//\n// Parameters\n//   k: int = 2   distance\n// Returns\n//   cell: int   label\n"
BODY = "MATCH (c:Cell) WHERE c.label > $k\nRETURN c.label AS cell\nORDER BY cell\n"


def test_a_good_header(folder: Path) -> None:
    header, text = read(
        write(
            folder,
            GOOD.rsplit("// not", 1)[0]
            + "MATCH (c:Cell)-[:TOUCHES*1..$k]-(:Cell)\n"
            + "WHERE c.volume > $above AND c.label = $cell AND c.sample = $sample AND c.sample IN $samples\n"
            + "RETURN DISTINCT c.label AS label, [c.y, c.x] AS shape\nORDER BY label",
        )
    )
    assert header.summary == "Cells above a volume."
    assert header.description == "More about it,\non two lines."
    assert header.parameters == (
        Parameter("above", "float", "volume to start from"),
        Parameter("k", "int", "largest distance", required=False, default=2, minimum=1, maximum=30, literal=True),
        Parameter("cell", "int", "label of one cell", required=False, cell=True),
        Parameter("sample", "str", "name of one sample", required=False, default="a"),
        Parameter("samples", "str list", "names of samples", required=False),
    )
    assert header.columns == (
        Returned("label", "int", "label of the cell"),
        Returned("shape", "int list", "shape of the volume"),
    )
    assert text.startswith("MATCH (c:Cell)")


MISTAKES = {
    "no header": ("MATCH (c) RETURN c.label AS cell", 1, "starts with a comment"),
    "no prose": ("//\n// Returns\n//   cell: int   label\n" + BODY, 1, "starts with a comment"),
    "no columns": ("// What.\nMATCH (c) RETURN c.label AS cell ORDER BY cell", 1, "no section 'Returns'"),
    "a parameter that is no declaration": (HEADER.replace("k: int = 2 ", "k int 2") + BODY, 4, "is declared as"),
    "a parameter without meaning": (HEADER.replace("   distance", "") + BODY, 4, "is declared as"),
    "an unknown type": (
        HEADER.replace("k: int", "k: long") + BODY,
        4,
        "unknown type 'long'; expected one of int,",
    ),
    "a default of another type": (HEADER.replace("= 2", "= two") + BODY, 4, "must be a whole number, not 'two'"),
    "a default out of the range": (HEADER.replace("= 2", "= 2 (3..4)") + BODY, 4, "must be from 3 to 4, not 2"),
    "an unknown note": (HEADER.replace("= 2", "= 2 (sometimes)") + BODY, 4, "'sometimes' is not a note"),
    "a range of a text": (HEADER.replace("k: int = 2", "k: str = a (1..2)") + BODY, 4, "'1..2' is not a note"),
    "a literal without range": (HEADER.replace("= 2", "= 2 (literal)") + BODY, 4, "needs a range"),
    "a column that is no declaration": (HEADER.replace("cell: int ", "cell int") + BODY, 6, "a column is declared as"),
    "an unknown parameter": (
        HEADER + BODY.replace("$k", "$kk OR $k = 1"),
        7,
        r"\$kk is not declared.*Did you mean 'k'",
    ),
    "an unused parameter": (HEADER + BODY.replace("$k", "2"), 4, "'k' is declared, but \\$k is never used"),
    "a parameter only in a comment": (HEADER + BODY.replace("$k", "2 // $k"), 4, "never used"),
    "a parameter only in a string": (HEADER + BODY.replace("$k", "'$k'"), 4, "never used"),
    "no RETURN": (HEADER + "MATCH (c:Cell {label: $k})", 7, "has no RETURN"),
    "a column without a name": (
        HEADER + BODY.replace(" AS cell", ""),
        8,
        r"needs a name \(AS …\), but 'c.label' has",
    ),
    "other columns": (HEADER + BODY.replace("AS cell", "AS label"), 8, "returns label, but the header declares cell"),
    "no order": (HEADER + BODY.replace("ORDER BY cell", ""), 8, "need an ORDER BY"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_file_and_line(folder: Path, what: str) -> None:
    text, line, message = MISTAKES[what]
    path = write(folder, text)
    with pytest.raises(FormatError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


@pytest.mark.parametrize("line", ["//   k: int = 2   distance\n", "//   cell: int   label\n"])
def test_nothing_is_declared_twice(folder: Path, line: str) -> None:
    path = write(folder, HEADER.replace(line, line * 2) + BODY)
    with pytest.raises(FormatError, match="declared twice"):
        read(path)


def test_a_file_that_is_no_text(folder: Path) -> None:
    path = folder / "mine.cypher"
    path.write_bytes(b"// caf\xe9\n")
    with pytest.raises(FormatError, match="must be UTF-8 text, but byte 6 is invalid"):
        read(path)


def test_commas_in_brackets_and_comments_do_not_end_a_column(folder: Path) -> None:
    text = BODY.replace("c.label AS cell", "head([c.label, /* a, b */ $k]) AS cell")
    assert read(write(folder, HEADER + text))[0].columns[0].name == "cell"


def test_a_sibling_takes_over_the_header(folder: Path) -> None:
    header, _ = read(write(folder, HEADER + BODY))
    sibling = write(folder, "// Ladybug has another word for it.\n" + BODY, "mine.ladybug.cypher")
    assert read_sibling(sibling, header) == BODY


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEADER + BODY, 3, "must not have its own"),
        ("// Why.\n" + BODY.replace("$k", "$j"), 2, r"\$j is not declared"),
        ("// Why.\n" + BODY.replace("$k", "1"), 1, "never used"),
        ("// Why.\n" + BODY.replace("AS cell", "AS label"), 3, "the header declares cell"),
    ],
)
def test_a_sibling_has_to_fit_the_header(folder: Path, text: str, line: int, message: str) -> None:
    header, _ = read(write(folder, HEADER + BODY))
    sibling = write(folder, text, "mine.ladybug.cypher")
    with pytest.raises(FormatError, match=message) as caught:
        read_sibling(sibling, header)
    assert str(caught.value).startswith(f"{sibling}:{line}: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("MATCH p = (c:Cell)--() WHERE c.label > $k\nRETURN p", ":1: a graph form starts with a comment"),
        ("// Drawn.\nMATCH (c:Cell) WHERE c.label > $k\nRETURN c.label AS p", ":3: a graph form returns paths"),
        ("// Drawn.\nMATCH p = (c:Cell)--() WHERE c.label > $k\nRETURN p, c", ":3: a graph form returns paths"),
        ("// Drawn.\nMATCH p = (c:Cell)--() WHERE c.label > $k\nRETURN p.a", ":3: a graph form returns paths"),
        ("// Drawn.\nMATCH p = (c:Cell)--()\nRETURN p", "'k' is declared, but \\$k is never used"),
        ("// Drawn.\nMATCH p = (c:Cell {label: $m})--() WHERE c.label > $k\nRETURN p", ":2: \\$m is not declared"),
        ("// Drawn.\n// Returns\nRETURN p", ":2: a sibling has the header of its portable file"),
    ],
)
def test_a_graph_form_is_checked_by_the_same_header(folder: Path, text: str, sentence: str) -> None:
    header, _ = read(write(folder, HEADER + BODY))
    with pytest.raises(FormatError, match=sentence):
        read_graph(write(folder, text, "mine.graph.cypher"), header)


def test_a_graph_form_is_its_text_and_what_it_says(folder: Path) -> None:
    header, _ = read(write(folder, HEADER + BODY))
    body = "MATCH p = (c:Cell)--() WHERE c.label > $k\nRETURN p LIMIT 5\n"
    assert read_graph(write(folder, f"// Drawn: all.\n// Limit: 5.\n{body}", "mine.graph.cypher"), header) == (
        body,
        "Drawn: all.\nLimit: 5.",
    )
