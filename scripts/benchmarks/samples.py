"""Many small volumes into one database file, one command: what a sample costs at the start and at the end."""

import time
from itertools import pairwise

import numpy as np
from measure import Table, folder

SAMPLES = 400
SIDE = 8  # cells along the two axes that are not the first: 6 x 8 x 8 = 384 cells each


def run() -> None:
    """Print the table."""
    from cellgraph import load_many

    cells = np.kron(np.arange(1, 6 * SIDE * SIDE + 1, dtype=np.int32).reshape(6, SIDE, SIDE), np.ones((4, 4, 4), int))
    table = Table(f"{SAMPLES} samples of {6 * SIDE * SIDE} cells into one file", "samples", "milliseconds a sample")
    with folder() as place:
        paths = []
        for number in range(SAMPLES):
            paths.append(str(place / f"v{number:03d}.npy"))
            np.save(paths[-1], cells)
        list(load_many(paths[:1], place / "first.db"))  # compiles
        ends = [time.perf_counter()]
        for part in range(4):  # four commands into one file: the last finds three quarters of it there
            of = paths[part * SAMPLES // 4 : (part + 1) * SAMPLES // 4]
            assert all(outcome.error is None for outcome in load_many(of, place / "cells.db"))
            ends.append(time.perf_counter())
    for part, (start, end) in enumerate(pairwise(ends)):
        name = f"{part * SAMPLES // 4 + 1} to {(part + 1) * SAMPLES // 4}"
        table.row(name, f"{(end - start) / (SAMPLES // 4) * 1000:.0f}")
