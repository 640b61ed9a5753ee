"""The command line answers at once: it imports what is heavy only when a command needs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("dask", "h5py", "ladybug", "neo4j", "networkx", "nibabel", "numba", "pandas", "pyarrow", "pyspark"),
    *("scipy", "skimage", "tensorstore", "tifffile", "zarr"),
}

REPORT_IMPORTS = """
import json, sys
sys.argv = ["cellgraph", *{arguments}]
try:
    from cellgraph.cli import main
    main()
except SystemExit:
    pass
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["load", "--help"], ["query", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = REPORT_IMPORTS.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stderr.splitlines()[-1]))
    assert "cellgraph" in done.stdout, "this command does not exist, so it tells nothing"
    assert "typer" in imported
    assert not imported & HEAVY


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import json, sys, cellgraph; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "cellgraph" in imported
    assert not imported & {*HEAVY, "typer", "numpy"}
