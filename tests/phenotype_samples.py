"""Samples whose cells have columns with variation that is known by construction."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cellgraph.model import Network, Sample

MEANS = (8.0, 10.0, 12.0)
SPREAD = 0.5


def made_samples() -> Network:
    """Return samples a, b, c of 5, 4 and 7 cells.

    ``size`` has the means 8, 10 and 12, and within each sample a standard deviation of half of that, exactly; so it
    varies by 50 % within and by 20 % between.  Cells of a sample touch in a chain; each contact has the area 2.
    ``sign`` is partly below 0, ``same`` constant, ``empty`` null, ``word`` text, ``holes`` has null, NaN and infinity,
    ``late`` is there in c only, ``lean_theta`` is an angle by its name; ``sort`` is x or y.  a and b are wild, c is
    mutant (a property of samples).
    """
    random = np.random.default_rng(3)
    rows: dict[str, list[object]] = {"sample": [], "label": [], "size": []}
    ends = []
    for name, mean, number in zip("abc", MEANS, (5, 4, 7), strict=True):
        values = random.random(number)
        values = (values - values.mean()) / values.std(ddof=1) * SPREAD * mean + mean
        first = len(rows["size"])
        ends += [(row, row + 1) for row in range(first, first + number - 1)]
        rows["sample"] += [name] * number
        rows["label"] += range(11, 11 + number)
        rows["size"] += values.tolist()
    n = len(rows["size"])
    number = np.arange(n)
    cells = pa.table(
        {
            **{name: pa.array(values) for name, values in rows.items()},
            "sign": pa.array(number - 4.0),
            "same": pa.array(np.full(n, 3.5)),
            "empty": pa.array([None] * n, pa.float64()),
            "word": pa.array(["text"] * n),
            "holes": pa.array([1.0, None, float("nan"), float("inf"), 2.0, *range(3, n - 2)]),
            "late": pa.array([None] * 9 + list(range(7)), pa.int64()),
            "lean_theta": pa.array(number * 10.0),
            "sort": pa.array(["xy"[k % 2] for k in number]),
        }
    )
    contacts = pa.table(
        {
            "a": pa.array([a for a, _ in ends], pa.int64()),
            "b": pa.array([b for _, b in ends], pa.int64()),
            "junctions": pa.array([4] * len(ends), pa.int64()),
            "area": pa.array([2.0] * len(ends)),
        }
    )
    kinds = {"a": "wild", "b": "wild", "c": "mutant"}
    samples = tuple(Sample(name, extra={"genotype": kind}) for name, kind in kinds.items())
    return Network(samples, cells, contacts)
