"""All benchmarks, by name; each is a module with a function `run`."""

import importlib
import sys

BENCHMARKS = (
    "sweep",
    "growth",
    "commands",
    "databases",
    "memory",
    "questions",
    "samples",
    "sql",
    "decoding",
    "scale",
    "phenotypes",
)

if __name__ == "__main__":
    wanted = sys.argv[1:] or [name for name in BENCHMARKS if name not in ("decoding", "memory", "scale", "phenotypes")]
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"scripts/bench: no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    for name in wanted:
        importlib.import_module(name).run()
