"""Check the arguments of a statistic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from cellgraph.errors import ParameterError, near
from cellgraph.queries.values import check
from cellgraph.statistics.autocorrelation import Correlation, Method
from cellgraph.statistics.enrichment import Comparison, Convention, Null
from cellgraph.statistics.network import Weight
from cellgraph.statistics.niches import Clustering

MOST_PERMUTATIONS = 10_000_000


def comparison_of(
    by: str, null: str, count: str, convention: str, patch_size: float | None, permutations: int, seed: int
) -> Comparison:
    """Check the arguments of `Database.enrichment`."""
    check(by, "str", of="by")
    _one_of(Null, null=null)
    _one_of(Weight, count=count)
    _one_of(Convention, convention=convention)
    if (convention == "patch") != (patch_size is not None):
        raise ParameterError(
            "the convention 'patch' needs a patch size: how many neighbours of a type (or junctions with them, or how "
            "much area) a cell needs in order to count (--patch-size N, patch_size=N)."
            if patch_size is None
            else f"a patch size goes only with the convention 'patch', not with {convention!r}; leave it out."
        )
    if patch_size is not None:
        patch_size = _number(patch_size, "patch_size")
        if not 0 < patch_size < float("inf"):
            raise ParameterError(f"patch_size must be above 0, not {patch_size!r}.")
    return Comparison(by, null, count, convention, patch_size, *_chance(permutations, seed))  # type: ignore[arg-type]


def correlation_of(
    columns: str | Sequence[str], method: str, weight: str, row_standardized: bool, permutations: int, seed: int
) -> Correlation:
    """Check the arguments of `Database.autocorrelation`."""
    names = (columns,) if isinstance(columns, str) else columns
    if not isinstance(names, list | tuple) or not names:
        raise ParameterError(f"columns must be a column of cells or a list of at least one, not {columns!r}.")
    for name in names:
        check(name, "str", of="a name in columns")
    _one_of(Method, method=method)
    _one_of(Weight, weight=weight)
    check(row_standardized, "bool", of="row_standardized")
    kept = tuple(dict.fromkeys(names))
    return Correlation(kept, method, weight, row_standardized, *_chance(permutations, seed))  # type: ignore[arg-type]


def clustering_of(by: str, k: int, niches: int, seed: int) -> Clustering:
    """Check the arguments of `Database.niches`."""
    check(by, "str", of="by")
    return Clustering(by, _whole(k, "k", 1, 30), _whole(niches, "niches", 2, 1000), _whole(seed, "seed", 0, 2**32 - 1))


def _chance(permutations: int, seed: int) -> tuple[int, int]:
    return _whole(permutations, "permutations", 1, MOST_PERMUTATIONS), _whole(seed, "seed", 0, 2**32 - 1)


def _whole(value: int, of: str, minimum: int, maximum: int) -> int:
    return int(check(value, "int", of=of, minimum=minimum, maximum=maximum))  # type: ignore[arg-type]


def _number(value: float, of: str) -> float:
    return float(check(value, "float", of=of))  # type: ignore[arg-type]


def _one_of(kind: Any, **values: str) -> None:
    for name, value in values.items():
        known = get_args(kind)
        if not isinstance(value, str) or value not in known:
            raise ParameterError(f"{name} must be one of {', '.join(known)}, not {value!r}.{near(value, known)}")
