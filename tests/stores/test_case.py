"""CASE in Cypher of one's own: values of several types, and what a simple CASE compares, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from six_cells import six_cells

import cellgraph
from cellgraph.stores import Store
from cellgraph.stores.contract import OWN_CYPHER
from cellgraph.stores.embedded.cases import with_common_types

CASES = [
    ("sum(CASE WHEN c.voxels < 0 THEN 1 ELSE 0.5 END)", 3.0),
    ("sum(CASE WHEN c.voxels < 0 THEN 1 ELSE $f END)", 6 * 2.6),
    ("sum(CASE WHEN c.voxels < 0 THEN $i ELSE $f END)", 6 * 2.6),
    ("sum(CASE WHEN c.voxels < 0 THEN c.voxels ELSE c.voxels / 1000.0 END) * 1000 / sum(c.voxels)", 1.0),
    ("sum(CASE WHEN c.voxels < 0 THEN NULL WHEN c.label < 0 THEN 1 ELSE 0.5 END)", 3.0),
    ("sum(CASE WHEN c.label = 1 THEN 1 WHEN c.label > 1 THEN 2.5 END)", 13.5),
    ("sum(CASE WHEN c.label = 1 THEN 1 ELSE CASE WHEN c.label = 2 THEN 2 ELSE 0.5 END END)", 5.0),
    ("sum(CASE WHEN c.label = 1 THEN 1 // one\n WHEN true /* END */ THEN 0.25 END)", 2.25),
    ("sum(CASE c.label WHEN 2.4 THEN 1 ELSE 0 END)", 0),
    ("sum(CASE c.label WHEN $f THEN 1 ELSE 0 END)", 0),
    ("sum(CASE c.label WHEN 2.0 THEN 1 ELSE 0 END)", 1),
    ("sum(CASE c.label WHEN NULL THEN 1 ELSE 0 END)", 0),
    ("sum(case c.label + 1 when 2 then 10 when 3 then 0.5 else 0 end)", 10.5),
    ("sum(CASE WHEN COUNT { MATCH (c)-[:TOUCHES]-() } < 0 THEN 1 ELSE 0.5 END)", 3.0),
    ("CASE WHEN count(*) > 100 THEN count(*) ELSE 0.5 END", 0.5),
    ("CASE WHEN count(*) > 100 THEN 'many' ELSE 'few // END' END", "few // END"),
    ("CASE WHEN count(*) = 6 THEN 9223372036854775807 ELSE 1 END", 2**63 - 1),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_values_are_not_rounded(text: str, expected: Any, store: Store) -> None:
    store.write(six_cells().network())
    values = {name: value for name, value in {"i": 1, "f": 2.6}.items() if f"${name}" in text}
    rows = store.run(f"MATCH (c:Cell) RETURN {text} AS r", values, name=OWN_CYPHER)
    assert rows["r"].to_pylist() == [pytest.approx(expected) if isinstance(expected, float) else expected]


def test_columns_are_named_and_sorted_as_written(tmp_path: Path) -> None:
    cellgraph.load(np.array([[1, 1, 2], [3, 3, 3]]), tmp_path / "cells.db", sample="three")
    with cellgraph.open(tmp_path / "cells.db") as db:
        text = "CASE WHEN c.label > 2 THEN 0 ELSE 0.5 END"
        rows = db.cypher(f"MATCH (c:Cell) RETURN {text}, c.label ORDER BY {text} DESC, c.label")
        assert rows.column_names == [text, "c.label"]
        assert rows.to_pydict() == {text: [0.5, 0.5, 0.0], "c.label": [1, 2, 3]}


@pytest.mark.parametrize(
    "text",
    [
        "RETURN {case: 1, end: 2} AS `CASE`, 'CASE WHEN' AS b",
        "MATCH (c) RETURN c.case, c.end",
        "RETURN $case",
        "RETURN CASE WHEN a THEN 1",
    ],
)
def test_what_is_no_case_stays(text: str) -> None:
    assert with_common_types(text) == text
