"""The commands on phenotypes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from command import cellgraph, refused
from phenotype_samples import made_samples

from cellgraph.stores import open_store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phenotypes")
    with open_store(path / "cellgraph.db", create=True) as store:
        store.write(made_samples())
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestVariation:
    def test_columns_and_values(self, folder: Path) -> None:
        done = cellgraph("variation", "size", "sign", "degree", "--format", "csv", cwd=folder)
        assert done.stdout.startswith("phenotype,within,between,ratio,")
        size, sign, degree = rows_of(done.stdout)
        assert float(size["within"]) == pytest.approx(50)
        assert float(size["between"]) == pytest.approx(20)
        assert float(size["ratio"]) == pytest.approx(250)
        assert (sign["within"], sign["between"], sign["ratio"]) == ("", "", "")
        assert float(sign["sd_within"]) > 0
        assert degree["cells"] == "16"
        assert "sign: it has values below 0" in done.stderr
        assert "from 1,000 bootstraps of the samples, seed 0" in done.stderr

    def test_one_sample_and_a_condition(self, folder: Path) -> None:
        words = ["variation", "size", "--sample", "a", "--where", "size > 0", "--bootstrap", 0, "--format", "csv"]
        done = cellgraph(*words, cwd=folder)
        (row,) = rows_of(done.stdout)
        assert row["within"]
        assert (row["between"], row["ratio"], row["within_low"], row["samples"]) == ("", "", "", "1")
        assert "between samples is not defined" in done.stderr

    def test_what_is_missing_is_said(self, folder: Path) -> None:
        done = cellgraph("variation", "holes", "late", "same", "lean_theta", "--format", "csv", cwd=folder)
        holes, late, same, lean = rows_of(done.stdout)
        assert (holes["cells"], late["samples"], lean["within"]) == ("13", "1", "")
        assert (float(same["within"]), float(same["between"]), same["ratio"]) == (0, 0, "")
        assert "3 cells without a finite number in 'holes' were left out" in done.stderr
        assert "'lean_theta' is an angle" in done.stderr
        assert "same: all cells have the same value" in done.stderr
        plain = cellgraph("variation", "lean_theta", "--plain", "lean_theta", "--format", "csv", cwd=folder)
        assert rows_of(plain.stdout)[0]["within"]

    def test_what_cannot_be_answered_is_refused(self, folder: Path) -> None:
        assert "holds text" in refused("variation", "word", status=2, cwd=folder)
        assert "no cell that was asked about has a number" in refused("variation", "empty", status=2, cwd=folder)
        assert "Did you mean 'size'?" in refused("variation", "siz", status=2, cwd=folder)
        assert "is an angle" in refused("variation", "size", "--angle", "size", status=2, cwd=folder)
        assert "is declared" in refused("variation", "size", "--angle", "sign", status=2, cwd=folder)
        assert "any of the columns length, width" in refused("variation", "shape", status=2, cwd=folder)

    def test_a_condensed_table(self, folder: Path) -> None:
        (folder / "means.csv").write_text("X,X_CV\n8,0.4\n12,0.6\n,0.1\n")
        done = cellgraph("variation", "X", "--condensed", "means.csv", "--format", "csv", cwd=folder)
        (row,) = rows_of(done.stdout)
        assert float(row["within"]) == pytest.approx(50)
        assert float(row["between"]) == pytest.approx(100 * 8**0.5 / 10)
        assert "no column 'Y'" in refused("variation", "Y", "--condensed", "means.csv", status=2, cwd=folder)
        words = ["variation", "X", "--condensed", "means.csv", "--sample", "a"]
        assert "--condensed reads a table" in refused(*words, status=2, cwd=folder)

    def test_a_picture(self, folder: Path) -> None:
        cellgraph("variation", "size", "degree", "--plot", "means.svg", cwd=folder)
        assert (folder / "means.svg").read_text().startswith("<?xml")
