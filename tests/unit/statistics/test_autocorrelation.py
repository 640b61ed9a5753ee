"""Moran's I and Geary's C: values beside their formulas, chance beside all arrangements, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typed_tissue import all_arrangements, edges_of, naive_autocorrelation, typed_tissue

import cellgraph
from cellgraph.analyze.rows import note_of
from cellgraph.errors import ParameterError
from cellgraph.model import Network, Sample
from cellgraph.stores import open_store


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    return fill(typed_tissue())


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    with cellgraph.open(address) as opened:
        yield opened


@pytest.mark.parametrize("weight", ["contacts", "junctions", "area"])
@pytest.mark.parametrize("row_standardized", [True, False])
@pytest.mark.parametrize("method", ["moran", "geary"])
def test_values_are_those_of_the_formulas(
    db: cellgraph.Database, method: Any, row_standardized: bool, weight: Any
) -> None:
    arguments = {"method": method, "row_standardized": row_standardized, "weight": weight, "permutations": 5}
    rows = db.autocorrelation(["marker", "flag"], **arguments).to_pylist()
    assert [(row["sample"], row["column"]) for row in rows] == [
        (sample, column) for sample in ("left", "right") for column in ("marker", "flag")
    ]
    for row in rows:
        values, edges = edges_of(typed_tissue(), row["sample"], weight, row["column"])
        expected = naive_autocorrelation({k: float(v) for k, v in values.items()}, edges, method, row_standardized)  # type: ignore[arg-type]
        assert row["value"] == pytest.approx(expected)
        assert row["cells"] == len(values)


def test_chance_is_that_of_all_arrangements(tmp_path: Path) -> None:
    values = [1.0, 2.0, 4.0, 4.5, 7.0, 7.5]
    pairs = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4)]  # the last cell touches none
    edges = {pair: 1.0 for a, b in pairs for pair in ((a, b), (b, a))}
    cells = pa.table({"sample": ["one"] * 6, "label": [*range(6)], "x": values})
    a, b = (pa.array([pair[end] for pair in pairs]) for end in (0, 1))
    with open_store(tmp_path / "x.db", create=True) as store:
        store.write(Network((Sample("one"),), cells, pa.table({"a": a, "b": b})))
    with cellgraph.open(tmp_path / "x.db") as opened:
        for method in ("moran", "geary"):
            row = opened.autocorrelation("x", method=method, permutations=4_000).to_pylist()[0]  # type: ignore[arg-type]
            exact = np.array([*all_arrangements(values, lambda x: naive_autocorrelation(x, edges, method, True))])  # noqa: B023
            # The expectations are known: -1 / (n - 1) and 1 (Cliff and Ord 1981).
            assert exact.mean() == pytest.approx(-1 / 5 if method == "moran" else 1)
            assert row["expected"] == pytest.approx(exact.mean(), abs=5 * exact.std() / np.sqrt(4_000))
            assert row["sd"] == pytest.approx(exact.std(), rel=0.06)
            assert row["p_gt"] == pytest.approx((exact >= row["value"] - 1e-9).mean(), abs=5 * 0.5 / np.sqrt(4_000))
            assert row["p_lt"] == pytest.approx((exact <= row["value"] + 1e-9).mean(), abs=5 * 0.5 / np.sqrt(4_000))


def test_a_column_that_tells_nothing_in_one_sample_is_said(db: cellgraph.Database) -> None:
    table = db.autocorrelation(["half", "marker"], permutations=9)
    rows = {(row["sample"], row["column"]): row for row in table.to_pylist()}
    assert rows["left", "half"]["value"] is rows["left", "half"]["fdr"] is None
    assert rows["right", "half"]["value"] is not None
    note = note_of(table)
    assert "'half' of the sample 'left' has no autocorrelation: all cells have the same value." in note
    assert "1 cell of the sample 'left' without a number in 'marker' was left out." in note
    assert "9 permutations of the values within each sample, seed 0." in note


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("the column 'same' of the sample 'left' has no", {"columns": "same"}),
        ("no cell has a number in it", {"columns": ["empty"]}),
        ("no column 'markr'. Did you mean 'marker'?", {"columns": "markr"}),
        (
            "'cell_type' holds text, but a number is needed; for types, use: cellgraph enrichment",
            {"columns": "cell_type"},
        ),
        ("columns must be a column of cells or a list of at least one, not []", {"columns": []}),
        ("a name in columns must be text, not 5", {"columns": [5]}),
        ("method must be one of moran, geary, not 'morans'", {"method": "morans"}),
        ("weight must be one of contacts, junctions, area, not 'volume'", {"weight": "volume"}),
        ("row_standardized must be true or false", {"row_standardized": "no"}),
        ("permutations must be", {"permutations": 0}),
    ],
)
def test_questions_without_an_answer(db: cellgraph.Database, message: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as refused:
        db.autocorrelation(**{"columns": "marker", **arguments})
    assert message in str(refused.value)
