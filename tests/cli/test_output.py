"""Rows printed: for people as a table, for programs as csv, json and parquet, and into files."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import refused

from cellgraph.cli.output import render
from cellgraph.errors import CellgraphError, NotFoundError, ParameterError

ROWS = pa.table(
    {
        "sample": ["a", 'b,"c"', "d\ne", None],
        "cell": pa.array([1, 2**53 + 1, -(2**53) - 1, None], pa.int64()),
        "volume": pa.array([0.1, float("nan"), 123456789.25, None]),
        "on_border": [True, False, None, True],
        "shape": pa.array([[1, 2**60], [], None, [3]], pa.list_(pa.int64())),
        "nothing": pa.nulls(4),
    }
)


def printed(capfdbinary: pytest.CaptureFixture[bytes], fmt: str, table: pa.Table = ROWS) -> str:
    render(table, fmt)
    return capfdbinary.readouterr().out.decode()


def test_csv(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    text = printed(capfdbinary, "csv")
    assert text.startswith("sample,cell,volume,on_border,shape,nothing\na,1,0.1,true,")
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        [
            "a",
            "1",
            "0.1",
            "true",
            "[1, 1152921504606846976]".replace("1152921504606846976", '"1152921504606846976"'),
            "",
        ],
        ['b,"c"', "9007199254740993", "nan", "false", "[]", ""],
        ["d\ne", "-9007199254740993", "123456789.25", "", "", ""],
        ["", "", "", "true", "[3]", ""],
    ]


def test_json_without_infinities_says_so(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.table({"x": [1.0, float("inf"), float("-inf"), float("nan")], "y": [1.0, 2.0, 3.0, None]})
    render(table, "json")
    out, err = capfdbinary.readouterr()
    assert [row["x"] for row in json.loads(out)] == [1.0, None, None, None]
    assert err.decode().splitlines() == [
        "cellgraph: 2 infinite values of the column 'x' became null, as JSON has no infinity; "
        "csv and parquet keep them."
    ]


def test_csv_floats_come_back_exactly(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    values = [1 / 3, 2 / 3 * 1e-300, 1e300, -0.0, 5e-324, 1.7976931348623157e308]
    text = printed(capfdbinary, "csv", pa.table({"x": values}))
    assert [float(line) for line in text.splitlines()[1:]] == values


def test_json(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = json.loads(printed(capfdbinary, "json"))
    assert [row["cell"] for row in rows] == [1, "9007199254740993", "-9007199254740993", None]
    assert [row["volume"] for row in rows] == [0.1, None, 123456789.25, None]
    assert rows[0]["shape"] == [1, "1152921504606846976"]
    assert rows[1]["sample"] == 'b,"c"'


@pytest.mark.parametrize(("fmt", "text"), [("csv", "a,b\n"), ("json", "[]\n"), ("table", "a  b\n")])
def test_no_rows(capfdbinary: pytest.CaptureFixture[bytes], fmt: str, text: str) -> None:
    assert printed(capfdbinary, fmt, pa.table({"a": pa.nulls(0), "b": pa.nulls(0)})) == text


def test_parquet_to_a_pipe(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    exact = ROWS.drop_columns("volume")  # NaN is not equal to itself
    render(exact, "parquet")
    assert pq.read_table(io.BytesIO(capfdbinary.readouterr().out)).equals(exact)


def test_a_table_for_reading(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.table({"name": ["x\x1b[31m", "[red]y:smile:"], "value": [1234567.5, 0.000123456789]})
    assert printed(capfdbinary, "table", table) == (
        "name                 value\n"
        "x\\x1b[31m          1234568\n"
        "[red]y:smile:  0.000123457\n"
    )  # fmt: skip


def test_a_long_table_says_what_it_leaves_out(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    render(pa.table({"n": range(1041)}), "table")
    captured = capfdbinary.readouterr()
    assert len(captured.out.splitlines()) == 41
    assert captured.err.decode() == "… 1,001 more rows: --format csv prints all.\n"
    render(pa.table({"n": range(1041)}), "table", whole=True)
    assert len(capfdbinary.readouterr().out.splitlines()) == 1042


SHOW = """
import pyarrow as pa, sys
from cellgraph.cli.output import render
from cellgraph.errors import CellgraphError
try:
    render(pa.table({f"column_{n}": [n, n] for n in range(12)}), sys.argv[1])
except CellgraphError as error:
    print("refused:", error)
"""


def on_a_terminal(fmt: str) -> str:
    """Return what a terminal of 60 columns shows."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SHOW, fmt],
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": "60", "TERM": "xterm"},
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other side of a terminal is closed
                break
            if not part:
                break
            shown += part
    os.close(master)
    assert process.returncode == 0
    return shown.decode()


def test_columns_that_do_not_fit_a_terminal_are_named() -> None:
    shown = on_a_terminal("table")
    assert "column_5" in shown.splitlines()[0]
    assert "column_6" not in shown.splitlines()[0]
    assert "6 more columns (column_6, column_7" in shown


def test_parquet_is_not_for_terminals() -> None:
    assert "refused: parquet is binary and stdout is a terminal" in on_a_terminal("parquet")


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_a_file_has_the_format_of_its_ending(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"rows.{ending}"
    target.write_text("old")
    table = ROWS.select(["cell"]).slice(0, 1)
    render(table, None, target)
    read = {
        "csv": lambda: target.read_text() == "cell\n1\n",
        "json": lambda: json.loads(target.read_text()) == [{"cell": 1}],
        "parquet": lambda: pq.read_table(target).equals(table),
    }
    assert read[ending]()
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_an_ending_that_is_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ends in .xlsx, which is not a supported format; name it .csv, .json"):
        render(ROWS, None, tmp_path / "rows.xlsx")
    assert list(tmp_path.iterdir()) == []
    render(ROWS.select(["cell"]), "csv", tmp_path / "rows.dat")
    assert (tmp_path / "rows.dat").read_text().startswith("cell\n")


def test_one_wide_row_stands_upright(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    render(pa.table({f"column_{number}": [number / 8] for number in range(20)}))
    out = capfdbinary.readouterr().out.decode().splitlines()
    assert [line.split() for line in out] == [[f"column_{number}", f"{number / 8:g}"] for number in range(20)]
    render(pa.table({f"column_{number}": [1, 2] for number in range(20)}))
    assert len(capfdbinary.readouterr().out.splitlines()) == 3


def test_only_some_columns(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.table({"a": [1], "b": [2], "c": [3]})
    render(table, "csv", columns="c, a")
    assert capfdbinary.readouterr().out == b"c,a\n3,1\n"
    with pytest.raises(ParameterError, match=r"--columns names 'd', .* There are: a, b"):
        render(table, "csv", columns="a,d")
    with pytest.raises(ParameterError, match="each once"):
        render(table, "csv", columns="a,a")


def test_a_table_in_a_file_is_whole(tmp_path: Path) -> None:
    render(pa.table({"n": range(100)}), None, tmp_path / "rows.txt")
    assert len((tmp_path / "rows.txt").read_text().splitlines()) == 101


def test_the_format_that_is_given_wins(tmp_path: Path) -> None:
    render(pa.table({"n": [1]}), "json", tmp_path / "rows.csv")
    assert json.loads((tmp_path / "rows.csv").read_text()) == [{"n": 1}]


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    table = pa.table({"n": [1]})
    with pytest.raises(NotFoundError, match=r"the folder '.*/none' of --output does not exist"):
        render(table, "csv", tmp_path / "none" / "rows.csv")
    with pytest.raises(ParameterError, match="is a folder"):
        render(table, "csv", tmp_path)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    with pytest.raises(CellgraphError, match="cannot write '/dev/full': No space left on device"):
        render(pa.table({"n": range(100_000)}), "csv", Path("/dev/full"))


def test_a_pipe_is_written_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        render(pa.table({"n": [1]}), "csv", pipe)
        assert reader.communicate()[0] == b"n\n1\n"
    assert pipe.is_fifo()


@pytest.mark.parametrize("command", [("metrics", "degree"), ("autocorrelation", "volume"), ("query", "summary")])
def test_an_output_that_cannot_be_is_refused_before_anything_is_computed(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    # The database does not exist: whoever looked at it first would say so.
    db = ("--db", tmp_path / "none.db")
    assert "ends in .xlsx, which is not a supported format" in refused(
        *command, *db, "-o", tmp_path / "x.xlsx", status=2
    )
    assert "does not exist; create it first" in refused(*command, *db, "-o", tmp_path / "none" / "x.csv")
