"""What a load opens and reads once: the database, the queries."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import ladybug
import numpy as np
import pytest

import cellgraph
from cellgraph.queries import Catalogue

LABELS = np.arange(1, 9, dtype=np.uint8).reshape(2, 2, 2).repeat(3, 2)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each database file is opened, by its name."""
    counts: Counter[str] = Counter()
    begin = ladybug.Database.__init__

    def counted(self: ladybug.Database, path: Any, *arguments: Any, **options: Any) -> None:
        counts[Path(str(path)).name] += 1
        begin(self, path, *arguments, **options)

    monkeypatch.setattr(ladybug.Database, "__init__", counted)
    return counts


def test_a_load_opens_the_database_to_look_and_to_copy(tmp_path: Path, opened: Counter[str]) -> None:
    cellgraph.load(LABELS, tmp_path / "a.db", sample="first")
    opened.clear()
    cellgraph.load(LABELS, tmp_path / "a.db", sample="second")
    assert opened["a.db"] == 2
    with cellgraph.open(tmp_path / "a.db") as db:
        assert db.query("samples")["sample"].to_pylist() == ["first", "second"]


def test_names_of_samples_are_those_of_the_newest_version(tmp_path: Path) -> None:
    cellgraph.load(LABELS, tmp_path / "a.db", sample="one")
    with pytest.raises(cellgraph.CellgraphError, match="already"):
        cellgraph.load(LABELS, tmp_path / "a.db", sample="one")
    cellgraph.delete("one", tmp_path / "a.db")
    cellgraph.load(LABELS, tmp_path / "a.db", sample="one")


def test_queries_are_read_once_and_again_when_a_file_changes(tmp_path: Path) -> None:
    assert Catalogue.load() is Catalogue.load()
    query = "// Cells.\n//\n// Returns\n//   n: int   how many\nMATCH (c:Cell) RETURN count(c) AS {} ORDER BY n\n"
    (tmp_path / "own.cypher").write_text(query.format("n"))
    first = Catalogue.load([tmp_path])
    assert Catalogue.load([tmp_path]) is first
    (tmp_path / "other.cypher").write_text(query.format("n"))
    assert list(Catalogue.load([tmp_path]).queries) == ["other", "own"]
