"""`cellgraph load-tables` with many files: one sample per file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import cellgraph, refused

from cellgraph.stores import open_store


def samples(db: Path) -> dict[str, tuple[int, int]]:
    rows = json.loads(cellgraph("query", "samples", "--db", db, "--format", "json").stdout)
    return {row["sample"]: (row["cells"], row["contacts"]) for row in rows}


def failed(*arguments: object) -> str:
    """Return what a load says that some files did not survive."""
    done = cellgraph(*arguments, ok=False)
    assert done.returncode == 1, done.stderr
    return done.stderr


def ask(db: Path, cypher: str) -> list[dict[str, Any]]:
    with open_store(db, read_only=True) as store:
        rows: list[dict[str, Any]] = store.run(cypher).to_pylist()
        return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three scans, in tables of cells and of contacts."""
    for number, scan in enumerate("abc", 1):
        rows = "".join(f"{n},{n if scan != 'c' else n + 0.5},{scan}\n" for n in range(1, number + 3))
        (tmp_path / f"{scan}_cells.csv").write_text(f"id,volume,kind\n{rows}")
        (tmp_path / f"{scan}_contacts.csv").write_text("cell_a,cell_b,junctions\n1,2,7\n2,3,9\n")
    return tmp_path


def test_a_sample_per_file(folder: Path) -> None:
    done = cellgraph("load-tables", "--cells", folder / "*_cells.csv", "--db", folder / "a.db")
    assert samples(folder / "a.db") == {"a_cells": (3, 0), "b_cells": (4, 0), "c_cells": (5, 0)}
    assert "Loaded 12 cells and 0 relationships of 3 samples" in done.stderr
    assert "without contacts" in done.stderr
    # Whole numbers in two of the files, and none in the third: one type in all.
    asked = "MATCH (c:Cell) WHERE c.label = 1 RETURN c.sample AS s, c.volume AS v ORDER BY s"
    assert [row["v"] for row in ask(folder / "a.db", asked)] == [1.0, 1.0, 1.5]


def test_contacts_belong_to_cells_by_their_names(folder: Path) -> None:
    files = ("--cells", folder / "*_cells.csv", "--network", folder / "*_contacts.csv")
    cellgraph("load-tables", *files, "--db", folder / "a.db")
    assert samples(folder / "a.db") == {"a_cells": (3, 2), "b_cells": (4, 2), "c_cells": (5, 2)}
    cellgraph("load-tables", "--network", folder / "*_contacts.csv", "--db", folder / "b.db")
    assert samples(folder / "b.db") == {f"{name}_contacts": (3, 2) for name in "abc"}
    (folder / "b_contacts.csv").unlink()
    said = refused("load-tables", *files, "--db", folder / "c.db")
    assert f"{folder / 'b_cells.csv'}: expected a table of cells and a table of relationships" in said
    assert not (folder / "c.db").exists()


def test_several_files_and_folders(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "cells.csv").write_text("id\n1\n2\n")
        (folder / name / "contacts.csv").write_text("id1,id2\n1,2\n")
    files = ("--cells", folder / "*/cells.csv", "--network", folder / "*/contacts.csv")
    cellgraph("load-tables", *files, "--db", folder / "a.db")
    assert samples(folder / "a.db") == {"one_cells": (2, 1), "two_cells": (2, 1)}
    two = ("--cells", folder / "a_cells.csv", "--cells", folder / "b_cells.csv")
    cellgraph("load-tables", *two, "--db", folder / "b.db")
    assert samples(folder / "b.db") == {"a_cells": (3, 0), "b_cells": (4, 0)}
    assert "no file matches" in refused("load-tables", "--cells", folder / "x*.csv", "--db", folder / "b.db")
    assert "one sample per file" in refused("load-tables", *two, "--sample", "x", "--db", folder / "b.db", status=2)


def test_a_damaged_file_does_not_stop_the_rest(folder: Path) -> None:
    db = folder / "a.db"
    whole = (folder / "b_cells.csv").read_text()
    (folder / "b_cells.csv").write_text(whole.replace("2,2,b", "2,2"))
    command = ("load-tables", "--cells", folder / "*_cells.csv", "--network", folder / "*_contacts.csv", "--db", db)
    said = failed(*command)
    assert f"{str(folder / 'b_cells.csv')!r} is not a table: the header has 3 columns, but row 2 has 2" in said
    assert "1 of 3 files were not loaded" in said
    assert samples(db) == {"a_cells": (3, 2), "c_cells": (5, 2)}
    assert "'a_cells' is already in the database" in refused(*command)
    (folder / "b_cells.csv").write_text(whole)
    before = ask(db, "MATCH (s:Sample) WHERE s.name <> 'b_cells' RETURN s.name AS n, s.created AS t ORDER BY n")
    done = cellgraph(*command, "--resume")
    assert "2 of 3 files were loaded before" in done.stderr
    assert samples(db) == {"a_cells": (3, 2), "b_cells": (4, 2), "c_cells": (5, 2)}
    after = ask(db, "MATCH (s:Sample) WHERE s.name <> 'b_cells' RETURN s.name AS n, s.created AS t ORDER BY n")
    assert after == before
    assert "3 of 3 files were loaded before" in cellgraph(*command, "--resume").stderr
    (folder / "more").mkdir()
    (folder / "more" / "a_cells.csv").write_text("id\n1\n")
    assert "is already in the database, but of" in refused(
        "load-tables", "--cells", folder / "more" / "*.csv", "--db", db, "--resume"
    )


def test_a_file_is_not_loaded_again_under_another_name(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "cells.csv").write_text("image,id\nx,1\n")
    db = folder / "a.db"
    cellgraph("load-tables", "--cells", folder / "one/*.csv", "--db", db)
    assert samples(db) == {"cells": (1, 0)}
    both = ("load-tables", "--cells", folder / "*/cells.csv", "--db", db)
    said = refused(*both, "--resume")
    assert "one/cells.csv is already in the database, as the sample 'cells', but would now be 'one_cells'" in said
    cellgraph(*both)
    assert set(samples(db)) == {"cells", "one_cells", "two_cells"}
    given = ask(db, "MATCH (s:Sample) RETURN s.given_sample AS given")
    assert given == [{"given": "x"}] * 3


def test_files_whose_columns_differ_are_named(folder: Path) -> None:
    (folder / "b_cells.csv").write_text("id,size\n1,5\n2,6\n3,7\n")
    (folder / "c_cells.csv").write_text("id,volume,kind\n1,large,c\n")
    said = failed("load-tables", "--cells", folder / "*_cells.csv", "--db", folder / "a.db")
    assert (
        f"The columns of {folder / 'b_cells.csv'} are not those of the first file: it has no 'volume', 'kind'" in said
    )
    assert "has also 'size'" in said
    assert (
        f"{folder / 'c_cells.csv'}: the column 'volume' of cells holds text, as 'large', but whole numbers in" in said
    )
    assert samples(folder / "a.db") == {"a_cells": (3, 0), "b_cells": (3, 0)}


def test_most_files_say_what_a_column_holds(folder: Path) -> None:
    (folder / "a_cells.csv").write_text("id,volume\n1,5\n2,large\n")
    (folder / "c_cells.csv").write_text("id,volume\n1,0.5\n")
    said = failed("load-tables", "--cells", folder / "*_cells.csv", "--db", folder / "a.db")
    assert f"{folder / 'a_cells.csv'}: the column 'volume' of cells holds text, as 'large', but numbers in the" in said
    assert samples(folder / "a.db") == {"b_cells": (4, 0), "c_cells": (1, 0)}


def test_cells_alone_need_no_network(folder: Path) -> None:
    done = cellgraph("load-tables", "--cells", folder / "a_cells.csv", "--db", folder / "a.db")
    assert "There is no table of relationships: cells are loaded without contacts." in done.stderr
    assert samples(folder / "a.db") == {"a_cells": (3, 0)}
    assert "--network" in refused("load-tables", "--db", folder / "a.db", status=2)
    assert "many files" in refused(
        "load-tables", "--cells", folder / "b_cells.csv", "--resume", "--db", folder / "a.db", status=2
    )
