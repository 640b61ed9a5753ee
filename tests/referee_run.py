"""What `scripts/referee` runs."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import ladybug
from referee_networks import Judge, network
from referee_questions import KINDS_OF_QUESTION, random_graph, random_question

from cellgraph.stores import open_store


def main() -> int:
    """Ask until the time is over; 1 if an answer was wrong."""
    parser = argparse.ArgumentParser(prog="scripts/referee")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    end, seed = time.monotonic() + 60 * given.minutes, given.seed
    right: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    while time.monotonic() < end:
        draw = random.Random(seed)
        graph = random_graph(draw)
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "cells.db", create=True) as store:
            store.write(network(graph, "referee"))
            judge = Judge(store, graph)
            for kind in [*KINDS_OF_QUESTION] * 5:
                judge.ask(random_question(draw, kind))
        right += judge.right
        refused += judge.refused
        for kind, cypher, found, expected in judge.wrong:
            wrong[kind] += 1
            if wrong[kind] <= 3:
                print(f"seed {seed}, {kind}: {cypher}\n  found    {found}\n  expected {expected}", flush=True)
        seed += 1
    print(f"ladybug {ladybug.__version__}, graphs {given.seed} to {seed - 1}")
    print(f"{'pattern':<26}{'right':>8}{'refused':>8}{'wrong':>8}")
    for kind in KINDS_OF_QUESTION:
        print(f"{kind:<26}{right[kind]:>8}{refused[kind]:>8}{wrong[kind]:>8}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
