"""Files that are no tables are named by their format; compressed tables are read."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
from pyarrow import feather

from cellgraph.errors import FormatError
from cellgraph.tables.reading import read_tables

TABLE = b"source,target,weight\n1,2,5\n2,3,4\n"
NODE_LINK = {"directed": False, "nodes": [{"id": 1}, {"id": 2}], "links": [{"source": 1, "target": 2}]}


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (json.dumps(NODE_LINK), r"is JSON, but the network must be a CSV .*to_pandas_edgelist\(G\)\.to_csv"),
        (json.dumps([{"source": 1}], indent=1), "is JSON"),
        ("graph { 1 -- 2; }", r"is DOT \(Graphviz\), .*read_dot\('.*to_pandas_edgelist"),
        ('strict digraph "G" {\n1 -> 2;\n}', "is DOT"),
        ('<?xml version="1.0"?>\n<graphml xmlns="x">', r"is GraphML, .*networkx\.read_graphml\('.*edges'\) reads it"),
        ('<?xml version="1.0"?>\n<gexf version="1.2">', "is GEXF"),
        ("<!DOCTYPE html>\n<html>", "is HTML, .*download the file itself"),
        ("<?xml version='1.0'?>\n<rows/>", "is XML"),
        ('Creator "x"\ngraph [\n  node [\n', r"is GML, .*read_gml"),
        ("graph\n[\n", "is GML"),
        ("*Vertices 3\n1 a\n", r"is Pajek, .*read_pajek"),
        ("1 2 {'weight': 5}\n", r"an edge list of networkx .*data=\[\"weight\"\]"),
        ("# comment\n1,2,{}\n", r"an edge list of networkx"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, contents: str, message: str) -> None:
    (tmp_path / "edges").write_text(contents)
    with pytest.raises(FormatError, match=message):
        read_tables(None, tmp_path / "edges")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (TABLE.decode().encode("utf-16"), r"is text in UTF-16, .*; save it as UTF-8"),
        (TABLE.decode().encode("utf-16-be"), r"is text in UTF-16, .*; save it as UTF-8"),
        (b"\x28\xb5\x2f\xfd\x04\x00", r"Zstandard, .*; unpack it first: zstd -d .*edges"),
        (b"SQLite format 3\0" + bytes(80), "is a SQLite database"),
        (gzip.compress(bytes(257) + b"ustar" + bytes(250)), "is an archive"),
    ],
)
def test_other_files_are_named(tmp_path: Path, contents: bytes, message: str) -> None:
    (tmp_path / "edges").write_bytes(contents)
    with pytest.raises(FormatError, match=message):
        read_tables(None, tmp_path / "edges")


def test_feather_is_named(tmp_path: Path) -> None:
    feather.write_feather(pa.table({"a": [1]}), tmp_path / "edges", compression="uncompressed")
    with pytest.raises(FormatError, match=r"is an Arrow \(Feather\) file, .*pandas\.read_feather\('.*edges'\)"):
        read_tables(None, tmp_path / "edges")


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("a/edges.csv", "a zip with 'a/edges.csv', .*unzip "),
        ("xl/workbook.xml", "a spreadsheet, .*save the sheet as CSV"),
    ],
)
def test_a_zip_is_told_from_a_spreadsheet(tmp_path: Path, member: str, message: str) -> None:
    with zipfile.ZipFile(tmp_path / "edges", "w") as archive:
        archive.writestr(member, "x")
    with pytest.raises(FormatError, match=message):
        read_tables(None, tmp_path / "edges")


@pytest.mark.parametrize(("ending", "module"), [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
def test_compressed_tables_are_read(tmp_path: Path, ending: str, module: ModuleType) -> None:
    file = tmp_path / f"leaf.csv.{ending}"
    packed = module.compress(TABLE)
    file.write_bytes(packed)
    read = read_tables(None, file)
    assert read.network.contacts["junctions"].to_pylist() == [5, 4]
    assert read.network.samples[0].name == "leaf"
    file.write_bytes(packed[:-9])
    with pytest.raises(FormatError, match=r"is a damaged (gzip|bzip2|xz) file: "):
        read_tables(None, file)
    file.write_bytes(packed[:20] + b"xxxxxx" + packed[26:])
    with pytest.raises(FormatError, match=r"is a damaged (gzip|bzip2|xz) file: "):
        read_tables(None, file)


@pytest.mark.parametrize(
    "header", ["graph,source,target", "[id],source,target", "{x},source,target", "*a,source,target"]
)
def test_headers_that_look_alike_are_headers(tmp_path: Path, header: str) -> None:
    (tmp_path / "edges.csv").write_text(header + "\n1,2,3\n")
    assert read_tables(None, tmp_path / "edges.csv").network.cells["label"].to_pylist() == [2, 3]
