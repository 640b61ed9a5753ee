"""Files that are no tables: name their format by their first bytes, and say how to get a table."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path

from cellgraph.errors import FormatError

_SHEETS = ("xl/", "content.xml")
_TABLES = (".csv", ".tsv", ".txt", ".parquet")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_BINARY = (
    (b"\xd0\xcf\x11\xe0", "an Excel file", "save the sheet as CSV"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "unpack it first: zstd -d {path}"),
    (b"ARROW1", "an Arrow (Feather) file", 'in Python, pandas.read_feather({path!r}).to_csv("table.csv", index=False)'),
    (b"\x89HDF", "an HDF5 file", "write its table as CSV or Parquet"),
    (b"SQLite format 3\0", "a SQLite database", 'sqlite3 -header -csv {path} "SELECT * FROM …" > table.csv'),
    (b"\x93NUMPY", "a NumPy array", "write a table with named columns as CSV"),
)
_GRAPH = 'networkx.to_pandas_edgelist(G).to_csv("edges.csv", index=False) writes a table of its relationships'
_READ = "in Python, G = networkx.{}({{path!r}}) reads it and " + _GRAPH
_TEXT = (
    (
        r"\s*(\{\s*(\"|\}|\Z)|\[\s*([\[{\"]|-?\d))",
        "JSON",
        "in Python, pandas.read_json({path!r}).to_csv(…, index=False) writes rows as a table; of a graph G, " + _GRAPH,
    ),
    (r"\s*<(?s:.)*<graphml", "GraphML", _READ.format("read_graphml")),
    (r"\s*<(?s:.)*<gexf", "GEXF", _READ.format("read_gexf")),
    (
        r"\s*<(!doctype html|html|head|body|table|\?xml(?s:.)*<html)\b",
        "HTML",
        "download the file itself, or save the table of the page as CSV",
    ),
    (r"\s*<(\?xml|!--|[a-z]+>)", "XML", "write it as CSV"),
    (r"(\s*(creator|version|comment)\b.*\n|\s*#.*\n)*\s*graph\s*\[", "GML", _READ.format("read_gml")),
    (
        r"(\s*(//|#|/\*).*\n)*\s*(strict\s+)?(di)?graph\b[^\[\]{};]*\{",
        "DOT (Graphviz)",
        _READ.format("nx_pydot.read_dot"),
    ),
    (r"(\s*%.*\n)*\s*\*(vertices|network)\b", "Pajek", _READ.format("read_pajek")),
    (
        r"(\s*#.*\n)*\s*[^\s{]+[\s,][^\s{]*[\s,]\s*\{('.*)?\}\s*(\n|\Z)",
        "an edge list of networkx with its data as Python",
        'write it with networkx.write_edgelist(G, "edges.txt", data=["weight"]), or data=False',
    ),
)


def refuse_others(path: Path, beginning: bytes, what: str) -> None:
    """Refuse a file that is neither CSV in UTF-8 nor Parquet.

    Parameters
    ----------
    path : Path
    beginning : bytes
        Its first bytes, decompressed.
    what : str
        What it holds, for the message.

    Raises
    ------
    FormatError
        With the format that it is, where that is known, and how to get a table.
    """
    for known, form, hint in _BINARY:
        if beginning.startswith(known):
            raise _other(path, form, what, hint)
    if beginning.startswith(b"PK"):
        raise _other(path, *_zipped(path, what))
    if beginning[257:262] == b"ustar":
        raise _other(path, "an archive (tar)", what, "unpack it first: tar -xf {path}")
    nulls = beginning.count(b"\0")
    if beginning.startswith(_UTF16) or (nulls and 2 * nulls > 0.9 * len(beginning) and _is_wide(beginning)):
        raise _other(path, "text in UTF-16", what, "save it as UTF-8")
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)  # the last character may be truncated
    except UnicodeDecodeError:
        hint = "" if nulls else "; if it is text in another encoding (Latin-1, Windows-1252), save it as UTF-8"
        raise FormatError(f"{str(path)!r} is neither CSV in UTF-8 nor Parquet{hint}") from None
    if nulls:
        raise FormatError(f"{str(path)!r} is neither CSV in UTF-8 nor Parquet")
    for pattern, form, hint in _TEXT:
        if re.match(pattern, text, re.IGNORECASE):
            raise _other(path, form, what, hint)


def _is_wide(beginning: bytes) -> bool:
    """Tell whether every second byte is 0, as in English text in UTF-16."""
    return any(beginning[start::2].count(b"\0") > 0.9 * (len(beginning) // 2) for start in (0, 1))


def _other(path: Path, form: str, what: str, hint: str) -> FormatError:
    needed = f"the {what} must be a CSV (UTF-8) or Parquet file"
    return FormatError(f"{str(path)!r} is {form}, but {needed}; {hint.format(path=str(path))}")


def _zipped(path: Path, what: str) -> tuple[str, str, str]:
    """Return what a file that begins as a zip is, what it must hold, and how to get a table."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        members = []
    tables = [name for name in members if name.lower().endswith(_TABLES)]
    if any(name.startswith(_SHEETS) for name in members):
        return "a spreadsheet", what, "save the sheet as CSV"
    if tables:
        return f"a zip with {tables[0]!r}", what, "unpack it first: unzip {path}"
    return "a zip", what, "unpack it, or, if it is a spreadsheet, save the sheet as CSV"
