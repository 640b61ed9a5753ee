"""The command `cellgraph metrics`: rows, kept as properties, removed, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command import cellgraph, refused
from six_cells import joined, pair, six_cells

from cellgraph.stores import open_store

pytest.importorskip("networkit")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A database with the samples six and pair."""
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(joined(six_cells(), pair()))
    return tmp_path / "cells.db"


def rows(*command: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(cellgraph(*command, "--format", "csv", "--quiet").stdout)))


def queried(*command: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(cellgraph("query", *command, "--format", "csv").stdout)))


def test_rows_of_cells(db: Path) -> None:
    found = rows("metrics", "degree", "strength", "clustering", "components", "articulation", "--db", db)
    assert list(found[0]) == ["sample", "cell", "degree", "strength", "clustering", "components", "articulation"]
    assert [tuple(row.values()) for row in found] == [
        ("pair", "1", "1", "3", "0", "1", "false"),
        ("pair", "3", "1", "3", "0", "1", "false"),
        ("six", "1", "2", "3", "1", "1", "false"),
        ("six", "2", "2", "4", "1", "1", "false"),
        ("six", "3", "3", "5", "0.3333333333333333", "1", "true"),
        ("six", "4", "2", "3", "0", "1", "true"),
        ("six", "5", "1", "1", "0", "1", "false"),
        ("six", "6", "0", "0", "0", "6", "false"),
    ]


def test_directed_networks_keep_their_direction(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("source,target,weight\nA,B,1\nA,C,2\nB,C,5\n")
    db = tmp_path / "n.db"
    cellgraph("load-tables", "--network", tmp_path / "n.csv", "--directed", "--db", db)
    asked = ("metrics", "degree", "strength", "--sample", "n", "--db", db)
    found = {
        way: [(row["degree"], row["strength"]) for row in rows(*asked, "--direction", way)] for way in ("out", "in")
    }
    assert found == {
        "out": [("2", "3"), ("1", "5"), ("0", "0")],
        "in": [("0", "0"), ("1", "1"), ("2", "7")],
    }
    assert rows(*asked) == rows(*asked, "--direction", "both")
    cellgraph(*asked, "--direction", "out", "--write")
    listed = rows("metrics", "--list", "--db", db)
    assert ["out" in row["made_from"] for row in listed if row["property"] == "strength"] == [True]


def test_what_a_direction_is_refused_for(db: Path) -> None:
    assert "have no direction, so direction='out' cannot be applied" in refused(
        "metrics", "degree", "--direction", "out", "--db", db, status=2
    )
    assert "not with core_number" in refused("metrics", "core_number", "--direction", "in", "--db", db, status=2)
    assert "must be one of both, out, in" in refused("metrics", "degree", "--direction", "up", "--db", db, status=2)


def test_weights_are_strengths_or_lengths(db: Path) -> None:
    found = rows("metrics", "strength", "closeness", "--weight", "area", "--sample", "six", "--db", db)
    assert [float(row["strength"]) for row in found] == [6.0, 6.0, 7.0, 5.0, 2.0, 0.0]
    # From 5: 2 to 4, 5 to 3, 7 to 1 and 2; four cells of five others are reached.
    assert float(found[4]["closeness"]) == pytest.approx(4 / 5 * 4 / 21)


def test_kept_and_removed(db: Path) -> None:
    done = cellgraph("metrics", "all", "--write", "--db", db, "--quiet")
    told = done.stderr.splitlines()[-1]
    assert told == "cellgraph: degree was already stored by the load, for all contacts, and is not written again"
    cells = queried("cells", "--sample", "six", "--db", db)
    assert [row["core_number"] for row in cells] == ["2", "2", "2", "1", "1", "0"]
    assert sum(float(row["pagerank"]) for row in cells) == pytest.approx(1.0)
    estimate = ("estimate", "count(cells)", "--where", "articulation", "--within-time", "5s", "--quiet", "--db", db)
    assert json.loads(cellgraph(*estimate, "--format", "json").stdout)["estimate"] == 2
    cellgraph("metrics", "closeness", "--weight", "1/junctions", "--write", "--db", db, "--quiet")
    cellgraph("metrics", "closeness", "--weight", "area", "--write", "--sample", "six", "--db", db, "--quiet")
    listed = {(row["sample"], row["property"]): row for row in rows("metrics", "--list", "--db", db)}
    assert json.loads(listed["six", "closeness"]["made_from"]) == {
        "metric": "closeness",
        "parameters": {"weight": "area"},
    }
    assert json.loads(listed["pair", "closeness"]["made_from"])["parameters"] == {"weight": "1/junctions"}
    assert json.loads(listed["pair", "strength"]["made_from"])["parameters"] == {"weight": "junctions"}
    assert ("pair", "degree") not in listed
    cellgraph("metrics", "closeness", "pagerank", "--remove", "--sample", "six", "--db", db)
    left = {(row["sample"], row["property"]) for row in rows("metrics", "--list", "--db", db)}
    assert set(listed) - left == {("six", "closeness"), ("six", "pagerank")}
    cellgraph("metrics", "all", "--remove", "--db", db)
    assert rows("metrics", "--list", "--db", db) == []
    assert "pagerank" not in queried("cells", "--db", db)[0]


def test_what_someone_annotated_is_not_overwritten(db: Path) -> None:
    types = db.with_name("types.csv")
    types.write_text("cell,community\n1,a\n")
    cellgraph("annotate", "--cells", types, "--sample", "six", "--db", db)
    message = refused("metrics", "community", "--write", "--db", db, "--quiet")
    assert message.startswith(
        "cells of 'six' already have the property 'community', which was not written by cellgraph metrics;"
    )
    assert "no metric 'community' was written" in refused("metrics", "community", "--remove", "--db", db)


def test_measures_of_samples(db: Path) -> None:
    assert rows("metrics", "diameter", "--db", db) == [
        {"sample": "pair", "low": "1", "high": "1", "cells": "2"},
        {"sample": "six", "low": "3", "high": "3", "cells": "5"},
    ]
    assert rows("metrics", "polygon_classes", "--db", db) == [
        {"sample": "six", "neighbours": "3", "cells": "1", "share": "1"}
    ]
    assert rows("metrics", "hop_plot", "--sample", "pair", "--db", db) == [
        {"sample": "pair", "hop": "1", "pairs": "2", "share": "1"}
    ]


def test_a_metric_that_is_not_there_names_its_command(db: Path) -> None:
    wanted = ("estimate", "mean(pagerank)", "--within-time", "1s", "--db", db)
    done = cellgraph(*wanted, ok=False)
    assert done.returncode == 2
    assert "Compute it with: cellgraph metrics pagerank --write" in done.stderr
    text = "MATCH (:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) RETURN c.core_number AS k"
    assert "cellgraph metrics core_number --write" in refused("query", "--cypher", text, "--db", db)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["pagerang"], 2, "there is no metric 'pagerang'; the metrics are: all, degree"),
        ([], 2, "name at least one metric"),
        (["lewis", "degree"], 2, "lewis is a measure of whole samples, with rows of its own; compute it on its own"),
        (["lewis", "--write"], 2, "which cannot be written to cells"),
        (["degree", "--weight", "area"], 2, "--weight (weight=…) can be used only with strength, pagerank"),
        (["pagerank", "--weight", "aera"], 2, "Did you mean 'area'?"),
        (
            ["pagerank", "--weight", "area - 2"],
            2,
            "must be a number above 0 for every contact, but is 0 between the cells",
        ),
        (["pagerank", "--weight", "-area"], 2, "must be a number above 0 for every contact"),
        (["pagerank", "--weight", "1/touching_corners"], 2, "must be a number above 0 for every contact"),
        (["pagerank", "--sample", "sx"], 1, "there is no sample 'sx'"),
        (["betweenness", "--error", "0"], 2, "--error (error=…) must be from 0.0005"),
        (["degree", "--error", "0.1"], 2, "--error (error=…) can be used only with betweenness"),
        (["pagerank", "--remove"], 1, "no metric 'pagerank' was written with cellgraph metrics --write"),
        (["all", "--remove"], 1, "no metric was written"),
        (["degree", "--write", "--remove"], 2, "exclude each other"),
        (["degree", "--list"], 2, "--list lists everything that was written"),
    ],
)
def test_what_is_refused(db: Path, arguments: list[str], status: int, message: str) -> None:
    assert message in refused("metrics", *arguments, "--db", db, "--quiet", status=status)


@pytest.mark.parametrize(
    "command",
    [
        ("metrics", "all"),
        ("metrics", "hop_plot"),
        ("query", "khop", "--param", "k=2"),
        ("query", "degree"),
    ],
)
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_pictures(db: Path, command: tuple[str, ...], ending: str) -> None:
    from PIL import Image

    target = db.with_name(f"picture.{ending}")
    done = cellgraph(*command, "--plot", target, "--db", db, "--format", "csv")
    assert done.stdout.startswith("sample,")
    if ending == "png":
        with Image.open(target) as image:
            assert len(image.convert("L").getcolors(256)) > 1
    else:
        assert "</svg>" in target.read_text()


def test_pictures_that_cannot_be_drawn(db: Path) -> None:
    plot = ("--plot", db.with_name("picture.xlsx"), "--db", db)
    assert "--plot needs the name of a .png or .svg file" in refused("query", "degree", *plot, status=2)
    plot = ("--plot", db.with_name("picture.png"), "--db", db)
    assert "--plot draws measures of cells" in refused("query", "samples", *plot, status=2)
    assert not db.with_name("picture.png").exists()


def test_pictures_of_infinities_of_many_columns_and_of_names_like_formulas(tmp_path: Path) -> None:
    names = ["$\\frac$", *(f"p{k}" for k in range(14))]
    lines = [f"{label},{'inf' if label == 2 else label}" + f",{label}" * 14 for label in (1, 2, 3)]
    (tmp_path / "cells.csv").write_text("\n".join([",".join(["label", *names]), *lines, ""]))
    cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
    words = ["query", "cells", "--plot", "picture.png", "--format", "csv"]
    assert "the picture has 12 of " in cellgraph(*words, cwd=tmp_path).stderr
    done = cellgraph(*words, "--columns", "cell,$\\frac$,p3", cwd=tmp_path)
    assert done.stderr == "cellgraph: values of '$\\\\frac$' that are infinite or NaN are not in the picture: 1.\n"
