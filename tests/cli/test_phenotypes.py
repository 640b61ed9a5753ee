"""The commands on phenotypes."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
import shlex
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
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
        assert "none of the selected cells has a number" in refused("variation", "empty", status=2, cwd=folder)
        assert "Did you mean 'size'?" in refused("variation", "siz", status=2, cwd=folder)
        assert "is an angle" in refused("variation", "size", "--angle", "size", status=2, cwd=folder)
        assert "is declared" in refused("variation", "size", "--angle", "sign", status=2, cwd=folder)
        assert "any of the columns length, width" in refused("variation", "shape", status=2, cwd=folder)

    def test_a_column_of_a_table_that_is_empty(self, tmp_path: Path) -> None:
        (tmp_path / "cells.csv").write_text("label,volume,nothing,kind\n1,3,,a\n2,4,,b\n")
        done = cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
        assert "nothing" in done.stderr
        assert "cells have no column 'nothing'" in refused("variation", "nothing", status=2, cwd=tmp_path)
        assert "'kind' holds text" in refused("variation", "kind", status=2, cwd=tmp_path)

    def test_a_condensed_table(self, folder: Path) -> None:
        (folder / "means.csv").write_text("X,X_CV\n8,0.4\n12,0.6\n,0.1\n")
        done = cellgraph("variation", "X", "--condensed", "means.csv", "--format", "csv", cwd=folder)
        (row,) = rows_of(done.stdout)
        assert float(row["within"]) == pytest.approx(50)
        assert float(row["between"]) == pytest.approx(100 * 8**0.5 / 10)
        assert "no column 'Y'" in refused("variation", "Y", "--condensed", "means.csv", status=2, cwd=folder)
        words = ["variation", "X", "--condensed", "means.csv", "--sample", "a"]
        assert "--condensed reads a table" in refused(*words, status=2, cwd=folder)

    def test_a_condensed_table_in_percent(self, folder: Path) -> None:
        (folder / "percent.csv").write_text("X,X_CV,Y,Y_CV\n8,40,1,0.5\n12,60,,0.5\n")
        done = cellgraph("variation", "X", "Y", "--condensed", "percent.csv", cwd=folder)
        assert "X_CV: most coefficients of variation are above 3 (as 60)" in done.stderr
        assert "Y_CV" not in done.stderr
        assert "Y: between samples is not defined" in done.stderr

    def test_a_sample_that_is_not_there_is_told(self, folder: Path) -> None:
        assert "no sample 'bb' in the database" in refused("variation", "size", "--where", "sample <> 'bb'", cwd=folder)
        words = ["autocorrelation", "size", "--where", "sample not in ['B', 'c']"]
        assert "no sample 'B' in the database" in refused(*words, cwd=folder)

    def test_a_picture(self, folder: Path) -> None:
        cellgraph("variation", "size", "degree", "--plot", "means.svg", cwd=folder)
        assert (folder / "means.svg").read_text().startswith("<?xml")


class TestCorrelate:
    def test_columns(self, folder: Path) -> None:
        done = cellgraph("correlate", "--columns", "size,degree,same", "--format", "csv", cwd=folder)
        assert done.stdout.startswith("column_a,column_b,r,n,p\n")
        rows = rows_of(done.stdout)
        assert [(row["column_a"], row["column_b"], row["n"]) for row in rows] == [
            ("size", "degree", "16"),
            ("size", "same", "16"),
            ("degree", "same", "16"),
        ]
        assert [row["r"] == "" for row in rows] == [False, True, True]
        assert "r is null in 2 of 3 rows" in done.stderr
        assert "the cells of 3 samples are pooled" in done.stderr

    def test_within_samples(self, folder: Path) -> None:
        words = ["correlate", "--columns", "size,sign", "--by", "sample", "--method", "spearman", "--format", "csv"]
        done = cellgraph(*words, "--where", "sample <> 'b'", "--plot", "r.png", cwd=folder)
        assert [(row["sample"], row["n"]) for row in rows_of(done.stdout)] == [("a", "5"), ("c", "7")]
        assert (folder / "r.png").read_bytes().startswith(b"\x89PNG")

    def test_what_is_refused(self, folder: Path) -> None:
        assert "at least two columns" in refused("correlate", "--columns", "size", status=2, cwd=folder)
        assert "holds text" in refused("correlate", "--columns", "size,word", status=2, cwd=folder)


class TestWritten:
    """Components and groups, kept on a database of its own."""

    @pytest.fixture
    def own(self, tmp_path: Path) -> Path:
        with open_store(tmp_path / "cellgraph.db", create=True) as store:
            store.write(made_samples())
        return tmp_path

    def test_components(self, own: Path) -> None:
        words = ["pca", "--columns", "size,sign,degree", "--write", "pc", "--quiet", "--format", "csv"]
        done = cellgraph(*words, "--plot", "pca.svg", cwd=own)
        assert done.stdout.startswith("component,explained,explained_ratio,cumulative_ratio,between,size,sign,degree\n")
        assert len(rows_of(done.stdout)) == 3
        assert "scaled robustly" in done.stderr
        cells = rows_of(cellgraph("query", "cells", "--columns", "cell,pc1,pc2,pc3", "-f", "csv", cwd=own).stdout)
        assert all(row["pc1"] and row["pc3"] for row in cells)
        assert "replace it with --replace" in refused(*words, cwd=own)
        cellgraph(*words, "--replace", cwd=own)
        loaded = ["cluster", "kmeans", "--k", 2, "--columns", "size,sign", "--write", "size"]
        assert "from the load" in refused(*loaded, "--replace", cwd=own)

    def test_fewer_components_leave_none_of_the_earlier_ones(self, own: Path) -> None:
        words = ["pca", "--columns", "size,sign,degree", "--write", "pc", "--quiet"]
        cellgraph(*words, cwd=own)
        cellgraph("pca", "--columns", "size,sign", "--write", "pc1", "--quiet", cwd=own)  # pc11, pc12
        done = cellgraph(*words, "--components", 1, "--replace", cwd=own)
        assert "pc2, pc3 of an earlier pca with more components were removed" in done.stderr
        header = cellgraph("query", "cells", "--format", "csv", cwd=own).stdout.splitlines()[0].split(",")
        assert [name for name in header if name.startswith("pc")] == ["pc11", "pc12", "pc1"]
        cellgraph("annotate", "--remove", "pc1", cwd=own)
        cellgraph(*words, cwd=own)
        cellgraph("annotate", "--remove", "pc1", cwd=own)
        assert "already have the property 'pc2'" in refused(*words, "--components", 1, cwd=own)

    def test_samples_that_keep_values_of_an_earlier_call_are_told(self, own: Path) -> None:
        words = ["cluster", "kmeans", "--k", 2, "--columns", "size,sign", "--write", "niche", "--quiet"]
        assert "keep" not in cellgraph(*words, cwd=own).stderr
        done = cellgraph(*words, "--replace", "--where", "sample <> 'b'", cwd=own)
        assert "niche: the sample 'b' keeps the values of an earlier call" in done.stderr
        left = cellgraph("query", "cells", "--where", "sample = 'b' and niche is not null", "-f", "csv", cwd=own)
        assert len(rows_of(left.stdout)) == 4

    def test_groups_are_whole_numbers_that_conditions_take(self, own: Path) -> None:
        words = ["cluster", "kmeans", "--k", 2, "--columns", "size,sign", "--write", "niche", "--quiet"]
        done = cellgraph(*words, "--where", "sample in ('a', 'c')", "--format", "csv", cwd=own)
        rows = rows_of(done.stdout)
        assert [row["cluster"] for row in rows] == ["1", "2"]
        assert sum(int(row["cells"]) for row in rows) == 12
        asked = ["query", "cells", "--columns", "sample,niche", "--format", "csv"]
        found = rows_of(cellgraph(*asked, "--where", "niche = 1", cwd=own).stdout)
        assert len(found) == int(rows[0]["cells"])
        every = rows_of(cellgraph(*asked, cwd=own).stdout)
        assert all((row["niche"] == "") == (row["sample"] == "b") for row in every)

    def test_nothing_is_written_where_the_output_cannot_be(self, own: Path) -> None:
        words = ["pca", "--columns", "size,sign", "--write", "pc", "--output", "no/such.csv"]
        assert "does not exist" in refused(*words, cwd=own)
        assert "pc1" not in cellgraph("query", "cells", "-f", "csv", cwd=own).stdout

    def test_a_range_of_groups(self, own: Path) -> None:
        done = cellgraph("cluster", "kmeans", "--k", "2..4", "--columns", "size,sign", "--plot", "k.png", cwd=own)
        assert [f"k = {k}: silhouette" in done.stderr for k in (2, 3, 4)] == [True] * 3
        assert done.stderr.count("which is chosen") == 1

    def test_groups_by_density(self, own: Path) -> None:
        words = ["cluster", "density", "--columns", "size,sign", "--min-cells", 3, "--format", "csv"]
        done = cellgraph(*words, "--write", "dense", "--quiet", cwd=own)
        assert sum(int(row["cells"]) for row in rows_of(done.stdout)) == 16
        assert "are in none (group 0)" in done.stderr

    def test_what_is_refused(self, own: Path) -> None:
        words = ["cluster", "kmeans", "--columns", "size,sign", "--k"]
        assert "cannot make 17 groups: only 16 cells" in refused(*words, 17, status=2, cwd=own)
        assert "range such as 2..8" in refused(*words, "two", status=2, cwd=own)
        assert "must start at 2" in refused(*words, "1..3", status=2, cwd=own)
        assert "--replace needs --write" in refused(*words, 2, "--replace", status=2, cwd=own)
        same = refused("cluster", "kmeans", "--columns", "size,same", "--k", 2, status=2, cwd=own)
        assert "'same' has the same value in all cells" in same
        assert "'empty' has no numbers" in refused("pca", "--columns", "size,empty", status=2, cwd=own)
        assert "holds text" in refused("pca", "--columns", "size,word", status=2, cwd=own)
        many = refused("cluster", "density", "--columns", "size", "--min-cells", 17, status=2, cwd=own)
        assert "no group can have 17 cells" in many


class TestCompare:
    def test_groups_of_samples(self, folder: Path) -> None:
        words = ["compare", "--by", "genotype", "size", "degree", "khop(2)"]
        assert "'mutant' of 'genotype' has 1" in refused(*words, cwd=folder)
        done = cellgraph(*words, "--unit", "cells", "--format", "csv", "--plot", "groups.svg", cwd=folder)
        assert [row["phenotype"] for row in rows_of(done.stdout)] == ["size", "degree", "khop(2)"]
        assert "pseudo-replication" in done.stderr
        mixed = cellgraph("compare", "--by", "sort", "size", "--mixed", "--format", "csv", cwd=folder)
        assert rows_of(mixed.stdout)[0]["cells of x"] == "8"


class TestWhatFloatsDoNotHold:
    """Found by comparing with pandas, scipy and other optimizers."""

    def load(self, folder: Path, tables: dict[str, dict[str, object]], groups: str = "") -> None:
        (folder / "scans").mkdir()
        for name, columns in tables.items():
            size = max(len(np.atleast_1d(values)) for values in columns.values())
            rows = {key: np.broadcast_to(values, size) for key, values in columns.items()}
            lines = [",".join(["id", *rows])]
            lines += [",".join(map(repr, [i + 1, *(float(v[i]) for v in rows.values())])) for i in range(size)]
            (folder / "scans" / f"{name}.csv").write_text("\n".join(lines) + "\n")
        cellgraph("load-tables", "--cells", "scans/*.csv", "--quiet", cwd=folder)
        if groups:
            lines = [f"{name},{group}" for name, group in zip(tables, groups, strict=True)]
            (folder / "groups.csv").write_text("sample,g\n" + "\n".join(lines) + "\n")
            cellgraph("annotate", "--samples", "groups.csv", "--quiet", cwd=folder)

    def test_a_mixed_model_without_variance_between_samples(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(5)
        tables = {f"s{i}": {f"v{j}": rng.normal(10, 1, 60) + (0.25 if i % 2 and j % 2 else 0) for j in range(40)}
                  for i in range(8)}  # fmt: skip
        self.load(tmp_path, tables, "abababab")
        done = cellgraph("compare", "--by", "g", "--mixed", "v3", "v5", "v21", "--format", "csv", cwd=tmp_path)
        found = {row["phenotype"]: row for row in rows_of(done.stdout)}
        p = {name: float(row["p"]) for name, row in found.items()}
        # By Powell's method, restricted maximum likelihood; least squares gives the same.
        assert p == pytest.approx({"v3": 0.0045, "v5": 0.0020, "v21": 1.8e-7}, rel=0.05)
        low, high = float(found["v21"]["effect_low"]), float(found["v21"]["effect_high"])
        assert (low, high) == pytest.approx((-0.656, -0.298), abs=0.01)
        assert "the variance between samples is estimated as 0" in done.stderr

    def test_constants_are_constant(self, tmp_path: Path) -> None:
        tables = {f"s{i}": {"fraction": np.full(40, 0.1 if i < 3 else 0.2), "t": np.full(40, 0.3)} for i in range(6)}
        self.load(tmp_path, tables, "aaabbb")
        done = cellgraph("compare", "--by", "g", "fraction", "t", "--format", "csv", cwd=tmp_path)
        assert [(row["p"], row["effect"]) for row in rows_of(done.stdout)] == [("", ""), ("", "")]
        assert "so there is no test" in done.stderr
        (row,) = rows_of(cellgraph("variation", "t", "--format", "csv", cwd=tmp_path).stdout)
        assert (row["within"], row["between"], row["ratio"], row["icc"]) == ("0", "0", "", "")
        mixed = cellgraph("compare", "--by", "g", "--mixed", "t", "--format", "csv", cwd=tmp_path)
        assert [row["p"] for row in rows_of(mixed.stdout)] == [""]

    def test_samples_at_other_offsets_have_their_own_correlation(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        tables, expected = {}, {}
        for i, offset in enumerate((1.70e9, 1.72e9, 1.74e9)):
            x = rng.normal(0, 10, 200)
            y = 0.05 * x + rng.normal(0, 1, 200)
            tables[f"s{i}"] = {"t": offset + x, "y": y}
            expected[f"s{i}"] = np.corrcoef(x, y)[0, 1]
        self.load(tmp_path, tables)
        done = cellgraph("correlate", "--columns", "t,y", "--by", "sample", "--format", "csv", cwd=tmp_path)
        found = {row["sample"]: float(row["r"]) for row in rows_of(done.stdout)}
        assert found == pytest.approx(expected, abs=1e-6)

    def test_components_of_what_varies_in_one_column_only(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(1)
        self.load(tmp_path, {name: {"volume": rng.normal(10, 1, 20), "length": 3.0, "width": 2.0} for name in "st"})
        why = refused("pca", "--columns", "volume,length,width", "--plot", "p.png", status=2, cwd=tmp_path)
        assert "only 'volume' has more than one value" in why or "the same value in all cells" in why

    @pytest.mark.parametrize("name", ["cell", "Lc.V", "khop(2)"])
    def test_names_that_stand_for_something_else(self, tmp_path: Path, name: str) -> None:
        self.load(tmp_path, {"s": {"volume": np.arange(10.0)}})
        words = ["cluster", "kmeans", "--k", 2, "--columns", "volume", "--write", name]
        assert "which stands for something else" in refused(*words, status=2, cwd=tmp_path)


class TestReport:
    def test_a_page_that_needs_no_other_file(self, folder: Path) -> None:
        words = ["report", "page.html", "--columns", "size,degree,sign", "--k", 2, "--by", "genotype", "--quiet"]
        done = cellgraph(*words, "--where", "size > 0", cwd=folder)
        page = (folder / "page.html").read_text()
        assert page.count('src="data:image/png;base64,') == 4
        assert "size &gt; 0" in page
        assert [word for word in ("http:", "https:", "<script", "<link") if word in page] == []
        assert "left out: Samples by genotype: each group needs at least two samples" in done.stderr
        cellgraph(*words, cwd=folder)  # a page of an earlier report is replaced

    def test_its_commands_can_be_pasted(self, tmp_path: Path) -> None:
        rows = [f"it's 1 ü,{k},{k},{k * k % 7},{k % 5}" for k in range(1, 13)]
        (tmp_path / "cells.csv").write_text("\n".join(["sample,cell,size,my width,depth", *rows]))
        cellgraph("load-tables", "--cells", "cells.csv", "--db", "my cells.db", cwd=tmp_path)
        asked = ["--columns", "size,`my width`,khop(1),depth", "--where", 'size > 1 and sample >= "it\'s"']
        only = ["--sample", "it's 1 ü", "--db", "my cells.db"]
        done = cellgraph("report", "page.html", "--k", 2, *asked, *only, "--quiet", cwd=tmp_path)
        assert "khop(1)" in done.stderr  # has the same value in all cells
        cellgraph(
            "report", "page.html", "--k", 2, "--columns", "size,`my width`,depth", *asked[2:], *only, cwd=tmp_path
        )
        page = (tmp_path / "page.html").read_text()
        commands = [shlex.split(html.unescape(text)) for text in re.findall("<code>(cellgraph .*)</code>", page)]
        assert [words[1] for words in commands] == ["variation", "correlate", "pca", "cluster"]
        for words in commands:
            assert words[-2:] == ["--db", "my cells.db"]
            cellgraph(*words[1:], cwd=tmp_path)
        assert shlex.split(refused("query", "cells", "--db", "no such.db", cwd=tmp_path))[-2:] == ["--db", "no such.db"]

    def test_what_is_refused(self, folder: Path) -> None:
        assert "name of an .html file" in refused("report", "page.pdf", status=2, cwd=folder)
        assert "does not exist" in refused("report", "no/page.html", cwd=folder)
        (folder / "mine.html").write_text("<p>Not written here.</p>")
        assert "is already there" in refused("report", "mine.html", cwd=folder)
        assert (folder / "mine.html").read_text() == "<p>Not written here.</p>"
        assert "nothing can be reported" in refused("report", "page2.html", "--columns", "siz", status=2, cwd=folder)
        assert not (folder / "page2.html").exists()


def test_a_report_paints_the_first_samples(tmp_path: Path) -> None:
    for number in range(6):
        phantom = tmp_path / f"s{number}.npy"
        cellgraph("phantom", phantom.name, "--shape", "24,24,24", "--cells", 30, "--seed", number, cwd=tmp_path)
        cellgraph("load", phantom.name, "--spacing", "1,1,1", "--unit", "um", cwd=tmp_path)
    (tmp_path / "s1.npy").unlink()
    np.save(tmp_path / "s2.npy", np.load(tmp_path / "s2.npy")[1:])
    words = ["report", "page.html", "--k", 2, "--columns", "volume,sphericity", "--quiet"]
    cellgraph(*words, cwd=tmp_path)
    page = (tmp_path / "page.html").read_text()
    assert re.findall('alt="(.*?)"', page)[:5] == [
        *(f"s{number} by volume" for number in range(4)),
        "Variation within and between samples",
    ]
    assert "<li>s1: drawn without its volume: s1.npy: no such file or folder." in page
    assert "<li>s2: drawn without its volume: s2.npy is not the volume of the sample" in page
    assert "the first 4 of 6 samples." in page
    slices, points = (png(page, f"s{number} by volume") for number in (0, 1))
    filled = [float((picture[200:500, 200:500, :3] < 1).any(axis=2).mean()) for picture in (slices, points)]
    assert filled[0] > 0.9 > 0.5 > filled[1]
    cellgraph(*words, "--where", "sample = 's4' and volume > 10", cwd=tmp_path)
    assert re.findall('alt="(.*?)"', (tmp_path / "page.html").read_text())[0] == "s4 by volume"
    cellgraph(*words, "--where", "sample = 's4'", "--columns", "sphericity,degree", cwd=tmp_path)
    assert "s4 by degree" in (tmp_path / "page.html").read_text()


def png(page: str, title: str) -> np.ndarray[Any, Any]:
    """Return the picture of a page with this title, shape (rows, columns, 3 or 4)."""
    found = re.search(f'alt="{title}" src="data:image/png;base64,(.*?)"', page)
    assert found is not None
    return np.asarray(matplotlib.image.imread(io.BytesIO(base64.b64decode(found[1]))))


def test_tables_in_other_units(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(
        "sample,cell,volume,mine\na,1,5,5\na,2,6,6\nb,1,5e9,5e9\nb,2,7e9,6e9\nc,1,4,4\n"
    )
    (tmp_path / "samples.csv").write_text("sample,unit\na,micrometer\nb,nanometer\nc,micrometer\n")
    cellgraph("load-tables", "--cells", "cells.csv", "--samples", "samples.csv", cwd=tmp_path)
    message = refused("variation", "volume", status=2, cwd=tmp_path)
    assert "micrometer in the sample 'a', nanometer in 'b'" in message
    done = cellgraph("variation", "mine", cwd=tmp_path)
    assert "mine: the mean of 'b' differs from that of the median sample by a factor of 100" in done.stderr
    for where in ("sample in ('a', 'c')", "sample <> 'b'", "not (sample = 'b') and volume > 0", "sample not in ('b')"):
        done = cellgraph("variation", "volume", "--where", where, "--format", "csv", cwd=tmp_path)
        assert rows_of(done.stdout)[0]["samples"] == "2"
    assert "no sample 'B'" in refused("variation", "volume", "--where", "sample <> 'B'", cwd=tmp_path)


def test_values_that_overflow_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(
        "sample,cell,v,w,e\na,1,1e308,1,1e-170\na,2,1e308,2,0\nb,1,inf,3,2e-170\nb,2,4,5,0\n"
    )
    cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
    for words in (["variation", "v"], ["correlate", "--columns", "v,w"], ["pca", "--columns", "v,w"]):
        assert "'v' has values beyond 1e+100" in refused(*words, cwd=tmp_path)
    assert "'e' has no values above 1e-100" in refused("variation", "e", cwd=tmp_path)
    done = cellgraph("variation", "v", "--where", "v < 1e+100", "--format", "csv", cwd=tmp_path)
    assert rows_of(done.stdout)[0]["cells"] == "1"


def test_angles_are_told_by_all(folder: Path) -> None:
    commands = (
        ["correlate", "--columns", "size,lean_theta"],
        ["pca", "--columns", "size,lean_theta"],
        ["compare", "--by", "genotype", "lean_theta", "size", "--unit", "cells"],
    )
    for words in commands:
        assert "lean_theta: by the name an angle" in cellgraph(*words, cwd=folder).stderr
    assert "angle" not in cellgraph("correlate", "--columns", "size,sign", cwd=folder).stderr


def test_few_bootstraps(folder: Path) -> None:
    done = cellgraph("variation", "size", "--bootstrap", 1, cwd=folder)
    assert "from 1 bootstrap of the samples, seed 0; 100 or more are needed for that." in done.stderr


def test_letters_that_the_font_lacks_are_told(tmp_path: Path) -> None:
    lines = [f"{k},{k},{k * k % 5}" for k in range(1, 9)]
    (tmp_path / "cells.csv").write_text("\n".join(["cell,木,y", *lines, ""]), "utf-8")
    cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
    said = "the font of the picture does not have these letters, which are drawn as boxes: 木."
    done = cellgraph("correlate", "--columns", "木,y", "--plot", "r.png", cwd=tmp_path)
    assert said in done.stderr
    cellgraph("report", "page.html", "--columns", "木,y", "--k", 2, cwd=tmp_path)
    assert said in (tmp_path / "page.html").read_text("utf-8")


class TestOddNumbersOfCells:
    """Samples and groups of a single cell, or of none with a number."""

    @pytest.fixture
    def own(self, tmp_path: Path) -> Path:
        cells = ["sample,cell,x,my col,kind"]
        cells += [
            f"{sample},{k},{(k * k + n) % 7 + 1},{k * n},k{k}" for n, sample in enumerate("abcd") for k in (1, 2, 3)
        ]
        (tmp_path / "cells.csv").write_text("\n".join([*cells[:-2], ""]))  # d has a single cell
        (tmp_path / "kinds.csv").write_text("sample,genotype\na,wild\nb,wild\nc,mutant\nd,mutant\n")
        cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
        cellgraph("annotate", "--samples", "kinds.csv", cwd=tmp_path)
        return tmp_path

    def test_an_interval_that_is_missing_is_explained(self, own: Path) -> None:
        done = cellgraph("variation", "x", "--format", "csv", cwd=own)
        (row,) = rows_of(done.stdout)
        assert row["within"]
        assert row["within_low"] == row["ratio_high"] == ""
        assert row["between_low"]
        assert "x: within, ratio have no interval, as some bootstraps of the 4 samples give no value" in done.stderr
        assert "no interval" not in cellgraph("variation", "x", "--where", "sample <> 'd'", cwd=own).stderr

    def test_the_first_pair_without_a_correlation_is_named_with_its_sample(self, own: Path) -> None:
        words = ["correlate", "--columns", "x,`my col`", "--by", "sample"]
        done = cellgraph(*words, "--where", "sample <> 'a'", cwd=own)
        assert "the first such pair is x and my col in the sample 'd'." in done.stderr

    def test_a_group_that_is_too_small_is_named(self, own: Path) -> None:
        words = ["compare", "--by", "kind", "x", "--where", "sample <> 'b' and not (sample = 'c' and kind = 'k2')"]
        message = refused(*words, "--unit", "cells", cwd=own)
        assert "but group 'k2' of 'kind' has 1; leave its cells out" in message

    def test_mixed_models_of_few_samples_and_of_single_cells(self, own: Path) -> None:
        words = ["compare", "--by", "genotype", "x", "--mixed", "--format", "csv"]
        done = cellgraph(*words, cwd=own)
        assert rows_of(done.stdout)[0]["p"]
        assert "for as few as 4 samples" in done.stderr
        alone = cellgraph(*words, "--where", "kind = 'k1'", cwd=own)
        assert rows_of(alone.stdout)[0]["p"] == ""
        assert "x: each sample has a single cell" in alone.stderr

    def test_an_effect_outside_its_interval_is_explained(self, tmp_path: Path) -> None:
        random = np.random.default_rng(3)
        lines = [f"{k},{value},{k % 15}" for k, value in enumerate(random.normal(0, 1, 45))]
        (tmp_path / "cells.csv").write_text("\n".join(["cell,x,batch", *lines]))
        cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
        done = cellgraph("compare", "--by", "batch", "x", "--unit", "cells", "--format", "csv", cwd=tmp_path)
        (row,) = rows_of(done.stdout)
        above = float(row["effect"]) > float(row["effect_high"])
        assert above == ("eta squared is above its interval" in done.stderr)
        assert above


def test_a_condition_on_different_units_is_told(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("sample,cell,volume,mine\na,1,5,5\na,2,6,6\nb,1,5e9,5\nb,2,7e9,6\n")
    (tmp_path / "samples.csv").write_text("sample,unit\na,micrometer\nb,nanometer\n")
    cellgraph("load-tables", "--cells", "cells.csv", "--samples", "samples.csv", cwd=tmp_path)
    said = "in the condition, the column 'volume' has different units: micrometer in the sample 'a', nanometer in 'b'"
    assert said in cellgraph("variation", "mine", "--where", "volume > 5", cwd=tmp_path).stderr
    assert said not in cellgraph("variation", "mine", "--where", "volume > 5 and sample = 'a'", cwd=tmp_path).stderr
