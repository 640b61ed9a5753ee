"""Arguments of a wrong type, from Python: a sentence that names what was given, and never a traceback from inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellgraph
from cellgraph.errors import InputError, ParameterError

LABELS = np.array([[[1, 1, 2]], [[1, 1, 2]]], np.uint8)
NOT_WHOLE: list[Any] = ["2", -1, 1.5, True, [], b"2", np.bool_(True)]
NOT_TRUE_OR_FALSE: list[Any] = ["no", 0, 1, [], np.array([1, 2])]
NO_TEXT: list[Any] = [5, b"a", True, ["a"], np.array([1, 2])]
NO_PATH: list[Any] = [5, b"a", True, ["a"], "", "a\0b"]
NO_FUNCTION: list[Any] = ["a", 5]
NO_TIME: list[Any] = ["5", -1, float("nan"), float("-inf"), float("inf"), True, 1e300]

CALLS: list[tuple[str, str, list[Any]]] = [
    ("load", "workers", [*NOT_WHOLE, 0]),
    ("load", "background", ["0", 1.5, True, 2**64]),
    ("load", "connectivity", ["6", 7, True, [6], np.array([6, 6])]),
    ("load", "spacing", ["1,1,1", 1.0, [1, 1], [1, 1, True], [1, "1", 1], {1, 2, 3}, [1, 1, float("nan")]]),
    ("load", "unit", NO_TEXT),
    ("load", "sample", [*NO_TEXT, "", " ", ".", "..", "a\0b", "\udc80"]),
    ("load", "dataset", NO_TEXT),
    ("load", "replace", NOT_TRUE_OR_FALSE),
    ("load", "resume", NOT_TRUE_OR_FALSE),
    ("load", "work", NO_PATH),
    ("load", "memory", ["many", -1, True, float("nan"), "9" * 400]),
    ("load", "engine", ["cluster", 5, None, ["threads"]]),
    ("load", "save_every", ["2", -1, float("nan"), float("inf"), True]),
    ("load", "report", NO_FUNCTION),
    ("load", "db", NO_PATH),
    ("load_many", "sources", ["a.npy", 5, [5], [""]]),
    ("load_many", "parallel", [*NOT_WHOLE, 0]),
    ("load_tables", "cells", [value for value in NO_PATH if value != ["a"]]),  # several files are a list
    ("load_tables", "network", [value for value in NO_PATH if value != ["a"]]),  # several files are a list
    ("load_tables", "samples", NO_PATH),
    ("load_tables", "sample", [*NO_TEXT, "..", "\udc80"]),
    ("load_tables", "replace", NOT_TRUE_OR_FALSE),
    ("load_tables", "cell_column", NO_TEXT),
    ("load_tables", "report", NO_FUNCTION),
    ("sweep", "workers", [*NOT_WHOLE, 0]),
    ("sweep", "name", [*NO_TEXT, "."]),
    ("Sweep", "name", [*NO_TEXT, "."]),
    ("Sweep", "unit", NO_TEXT),
    ("watch", "until", [*NOT_WHOLE, 0]),
    ("watch", "every", NO_TIME[:-1]),
    ("watch", "idle", NO_TIME[:-1]),
    ("watch", "pattern", [*NO_TEXT, "", "/absolute/*"]),
    ("watch", "sample", [*NO_TEXT, ".."]),
    ("watch", "tell", NO_FUNCTION),
    ("estimate", "expression", NO_TEXT),
    ("estimate", "where", NO_TEXT),
    ("estimate", "seed", NOT_WHOLE),
    ("phantom", "cells", [*NOT_WHOLE, 0]),
    ("phantom", "shape", ["4,4,4", 4, [4, "4"], np.array(4)]),
    ("phantom", "spacing", ["1,1,1", 1, [1, "1", 1], [1, 1, True], np.array(4)]),
    ("phantom", "seed", NOT_WHOLE),
    ("phantom", "workers", [*NOT_WHOLE, 0]),
    ("phantom", "overwrite", NOT_TRUE_OR_FALSE),
    ("phantom", "report", NO_FUNCTION),
    ("query", "sample", NO_TEXT),
    ("query", "limit", NOT_WHOLE),
    ("query", "method", [5, "quick", np.array([1, 2])]),
    ("query", "timeout", NO_TIME),
    ("cypher", "text", [*NO_TEXT, "RETURN '\udc80' AS x"]),
    ("cypher", "timeout", NO_TIME),
    ("cypher", "v", ["\udc80", ["a", 1]]),
]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[..., Any]]:
    """Each public function with arguments that are right, of which a test replaces one."""
    folder = tmp_path_factory.mktemp("arguments")
    db, image = folder / "cells.db", folder / "image_1.npy"
    np.save(image, LABELS)
    cellgraph.load(image, db)
    (folder / "cells.csv").write_text("id\n1\n2\n")
    (folder / "network.csv").write_text("id1,id2\n1,2\n")
    tables = {"cells": folder / "cells.csv", "network": folder / "network.csv", "db": folder / "tables.db"}

    def ask(asked: str, **arguments: Any) -> Any:
        with cellgraph.open(db) as opened:
            return getattr(opened, asked)(**arguments)

    text = "MATCH (c:Cell) WHERE c.label > $v RETURN c.label AS label"
    return {
        "load": lambda **one: cellgraph.load(**{"source": image, "db": folder / "load.db", **one}),
        "load_many": lambda **one: list(cellgraph.load_many(**{"sources": [image], "db": folder / "many.db", **one})),
        "load_tables": lambda **one: cellgraph.load_tables(**{**tables, **one}),
        "sweep": lambda **one: cellgraph.sweep(LABELS, **one),
        "Sweep": lambda **one: cellgraph.Sweep(**one),
        "watch": lambda **one: cellgraph.watch(**{"folder": folder, "db": folder / "watch.db", "until": 1, **one}),
        "estimate": lambda **one: cellgraph.estimate(
            **{"expression": "mean(volume)", "db": db, "within_time": 0.1, **one}
        ),
        "phantom": lambda **one: cellgraph.phantom(
            **{"out": folder / "phantom.npy", "cells": 2, "shape": (4, 4, 4), **one}
        ),
        "query": lambda **one: ask("query", **{"name": "degree", **one}),
        "cypher": lambda **one: ask("cypher", **{"text": text, "v": 0, **one}),
    }


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [(function, name, value) for function, name, values in CALLS for value in values],
)
def test_a_wrong_argument_is_refused(calls: dict[str, Any], function: str, name: str, value: Any) -> None:
    with pytest.raises(ParameterError):
        calls[function](**{name: value})


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("sweep", {"workers": np.int64(1), "background": np.int64(0), "connectivity": np.int64(6)}),
        ("sweep", {"spacing": np.array([2.0, 1.0, 1.0])}),
        ("load", {"workers": np.int32(1), "replace": np.bool_(True), "save_every": np.float64(1)}),
        ("load", {"memory": np.int64(10**6), "replace": True, "background": np.uint8(0)}),
        ("query", {"limit": np.int64(1), "timeout": np.float64(60)}),
        ("estimate", {"seed": np.int64(3)}),
        ("phantom", {"seed": np.int64(3), "cells": np.int64(2), "shape": np.array([4, 4, 4]), "gap": np.int64(0)}),
        (
            "watch",
            {
                "background": np.int64(0),
                "until": np.int64(1),
                "idle": np.float64(9),
                "pattern": "image*",
                "every": np.float64(1),
            },
        ),
    ],
)
def test_numbers_of_numpy_are_numbers(calls: dict[str, Any], function: str, arguments: dict[str, Any]) -> None:
    assert calls[function](**arguments) is not None


def test_a_sample_in_a_table_is_never_called_like_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("sample,id\n..,1\n")
    (tmp_path / "network.csv").write_text("id1,id2\n")
    with pytest.raises(ParameterError, match="is not a valid name for a sample"):
        cellgraph.load_tables(tmp_path / "cells.csv", tmp_path / "network.csv", db=tmp_path / "cells.db")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("id,id\n1,2\n2,3\n")
    (tmp_path / "network.csv").write_text("id1,id2\n1,2\n")
    with pytest.raises(InputError, match="two columns 'id'"):
        cellgraph.load_tables(tmp_path / "cells.csv", tmp_path / "network.csv", db=tmp_path / "cells.db")
