"""The contacts in parts: together they are the answer in one piece, in both databases."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import cellgraph
from six_cells import pair, six_cells
from store_graphs import Database as Place
from store_graphs import grid

from cellgraph.analyze import contactparts
from cellgraph.analyze.database import Database
from cellgraph.errors import ParameterError, StoreError


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contactparts, "ROWS_A_PART", 20)


@pytest.mark.usefixtures("small_parts")
def test_parts_are_the_whole_answer(database: Place) -> None:
    with database.open() as store:
        store.write(grid(4, "b"))
        store.write(grid(3, "a"))
        store.write(six_cells().network())
    asked = Database(database.open(read_only=True))
    for sample in (None, "b"):
        whole = asked.query("contacts", sample=sample)
        parts = list(asked.parts("contacts", sample=sample))
        assert len(parts) > 3
        assert all(part.schema.equals(parts[0].schema) and part.num_rows <= 3 * 20 for part in parts)
        assert pa.concat_tables(parts).to_pylist() == whole.to_pylist()
    assert len(list(asked.parts("contacts", sample="six"))) == 1
    assert len(list(asked.parts("contacts", limit=3))) == 1
    assert len(list(asked.parts("cells"))) == 1
    with pytest.raises(ParameterError, match="nonsense"):
        list(asked.parts("contacts", nonsense=1))


@pytest.mark.usefixtures("small_parts")
def test_a_sample_that_is_replaced_meanwhile_is_no_mixture(database: Place) -> None:
    with database.open() as store:
        store.write(grid(4))
    parts = Database(database.open(read_only=True)).parts("contacts")
    next(parts)
    with database.open() as store:
        store.write(grid(4), replace=True)
    with pytest.raises(StoreError, match="changed while their contacts were read"):
        list(parts)


@pytest.mark.usefixtures("small_parts")
def test_every_format_is_written_part_by_part(tmp_path: Path) -> None:
    from cellgraph.stores import open_store

    with open_store(tmp_path / "cellgraph.db", create=True) as store:
        store.write(grid(4))
        store.write(pair().network())
    for ending in ("csv", "json", "parquet"):
        cellgraph("query", "contacts", "--output", f"parts.{ending}", cwd=tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contactparts, "ROWS_A_PART", 10**6)
        for ending in ("csv", "json", "parquet"):
            cellgraph("query", "contacts", "--output", f"whole.{ending}", cwd=tmp_path)
    for ending in ("csv", "json"):
        assert (tmp_path / f"parts.{ending}").read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    parts = pq.read_table(tmp_path / "parts.parquet")
    assert parts.equals(pq.read_table(tmp_path / "whole.parquet"))
    assert pq.ParquetFile(tmp_path / "parts.parquet").num_row_groups > 3
    assert parts.num_rows == 145
