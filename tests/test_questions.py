"""What docs/questions.md tells people to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from command import cellgraph

DOCS = (Path(__file__).resolve().parent.parent / "docs" / "questions.md").read_text("utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the databases of the examples."""
    path = tmp_path_factory.mktemp("questions")
    (path / "worm.csv").write_text("pre,post,Synapses\nASHL,AVAL,4\nAVAL,ASHL,1\nASHL,RIAL,2\nRIAL,AVAL,9\n")
    cellgraph("phantom", "cells.tif", "--cells", 300, "--shape", "32,64,64", cwd=path)
    cellgraph("load", "cells.tif", "--db", "cellgraph.db", cwd=path)
    cellgraph("load", "cells.tif", "--db", "cellgraph.db", "--sample", "later", cwd=path)
    cellgraph("load-tables", "--network", "worm.csv", "--directed", "--db", "network.db", cwd=path)
    cellgraph("near", "--within", 3, "--sample", "cells", "--db", "cellgraph.db", cwd=path)
    return path


def test_every_section_has_examples() -> None:
    assert len(COMMANDS) > 25


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.delenv("CELLGRAPH_DB", raising=False)
    arguments = shlex.split(command, comments=True)
    assert arguments.pop(0) == "cellgraph"
    if "--db" not in arguments and arguments[1] != "diff":
        arguments += ["--sample", "cells"]  # the readers of the page have one sample yet
    if arguments[0] != "query":
        cellgraph(*arguments, cwd=folder)
        return
    done = cellgraph(*arguments, "--format", "csv", cwd=folder)
    assert len(done.stdout.splitlines()) > (0 if arguments[1] in ("diff", "t1-candidates", "patches") else 1), (
        done.stderr
    )
