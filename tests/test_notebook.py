"""The notebook in docs, run as a reader does."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pyarrow as pa
import pytest
from nbclient import NotebookClient

from cellgraph.analyze.rows import with_note
from cellgraph.notebook import load_ipython_extension

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


def test_every_cell_of_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output["data"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]
    tables = [data["text/html"] for data in shown if "text/html" in data]
    assert "<th>within</th>" in tables[0]
    assert sum(1 for data in shown if "image/png" in data) == 1
    assert len(tables) >= 5


def test_the_notebook_has_what_it_shows() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(cell.outputs for cell in notebook.cells if "db.query" in cell.source)
    assert not re.search(r"/(home|tmp|root|work)/", NOTEBOOK.read_text("utf-8"))


def test_rows_and_what_is_said_about_them() -> None:
    made: dict[type, object] = {}

    class Formatter:
        def for_type(self, kind: type, function: object) -> None:
            made[kind] = function

    class Shell:
        display_formatter = type("Display", (), {"formatters": {"text/html": Formatter()}})()

    load_ipython_extension(Shell())
    rows = pa.table({"<name>": ["a&b", None] * 15, "x": [1.5] * 30, "n": [12345] * 30, "ok": [True] * 30})
    shown = made[pa.Table](with_note(rows, "one < two"))  # type: ignore[operator]
    assert "<th>&lt;name&gt;</th>" in shown
    assert "<td>a&amp;b</td><td class=number>1.5</td><td class=number>12,345</td><td>True</td>" in shown
    assert "… and 10 more rows." in shown
    assert "<p>one &lt; two</p>" in shown
