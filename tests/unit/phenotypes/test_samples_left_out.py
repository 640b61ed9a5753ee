"""Samples that the condition leaves out do not count in what is said about samples."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from cellgraph import open as open_database
from cellgraph.errors import ParameterError
from cellgraph.model import Network, Sample
from cellgraph.phenotypes.correlation import correlate
from cellgraph.phenotypes.variation import variation
from cellgraph.stores import open_store

WITHOUT_B = (
    "sample <> 'b'",
    "not sample = 'b'",
    "sample not in ['b']",
    "kind = 'k'",
    "not (sample = 'b' or volume > 99)",
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Samples a and c in micrometres, b in nanometres: other cells, without depth and area."""
    for name, unit, kind in (("a", "micrometer", "k"), ("b", "nanometer", "m"), ("c", "micrometer", "k")):
        cells = {"sample": [name] * 3, "label": [1, 2, 3], "volume": [1.0, 2.0, 6.0], "kind": [kind] * 3}
        if name != "b":
            cells["depth"] = [5.0, 7.0, 9.0]
        contacts = {"a": [0, 1], "b": [1, 2], "junctions": [1, 1], **({"area": [1.0, 2.0]} if name != "b" else {})}
        sample = Sample(name, shape=(4, 4, 4), spacing=(1.0, 1.0, 1.0), unit=unit)
        with open_store(tmp_path / "cells.db", create=True) as store:
            store.write(Network((sample,), pa.table(cells), pa.table(contacts)))
    return tmp_path / "cells.db"


@pytest.mark.parametrize("where", WITHOUT_B)
class TestWithoutOneSample:
    def test_its_unit_does_not_matter(self, database: Path, where: str) -> None:
        with pytest.raises(ParameterError, match="different units"):
            variation("volume", database)
        done = variation("volume", database, where=where)
        (row,) = done.rows.to_pylist()
        assert (row["samples"], row["cells"], row["mean"]) == (2, 6, 3.0)

    def test_it_is_not_said_to_lack_a_column(self, database: Path, where: str) -> None:
        assert "'b' does not have it" in " ".join(variation("depth", database).notes)
        assert "'b'" not in " ".join(variation("depth", database, where=where).notes)

    def test_it_is_not_counted(self, database: Path, where: str) -> None:
        notes = " ".join(correlate("volume,depth", database, where=where).notes)
        assert "the cells of 2 samples are pooled" in notes


def test_one_sample_is_left(database: Path) -> None:
    notes = " ".join(variation("volume", database, where="sample <> 'b' and sample <> 'c'").notes)
    assert "only one sample has numbers" in notes
    assert "bootstraps" not in notes


def test_statistics_do_not_need_columns_of_a_sample_that_is_left_out(database: Path) -> None:
    with open_database(database) as db:
        for where in ("sample <> 'b'", "sample not in ['b'] and khop(1) > 0"):
            rows = db.autocorrelation("volume", weight="area", where=where, permutations=9)
            assert rows["sample"].to_pylist() == ["a", "c"]
            rows = db.query("contacts", min_area=1.5, where="sample <> 'b'")
            assert rows["sample"].to_pylist() == ["a", "c"]
