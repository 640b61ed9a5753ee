"""Running the command line as a person does, but in this process: starting Python anew each time takes a second."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from cellgraph.cli import main

PROGRAM = str(Path(sys.executable).with_name("cellgraph"))
"""For tests that kill the process, or run several."""


def cellgraph(*arguments: object, cwd: Path | None = None, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``cellgraph`` with arguments; with `ok`, it has to succeed. An exception that escapes fails the test."""
    command = ["cellgraph", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    status = 0
    with (
        contextlib.chdir(cwd or "."),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", command),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode(errors="replace"))
    done = subprocess.CompletedProcess(command, status, *texts)
    assert "Traceback" not in done.stderr, done.stderr
    if ok:
        assert done.returncode == 0, done.stderr
    return done


def refused(*arguments: object, status: int = 1, cwd: Path | None = None) -> str:
    """Run ``cellgraph`` with arguments that it has to refuse in one sentence, and return that sentence."""
    done = cellgraph(*arguments, cwd=cwd, ok=False)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.startswith("cellgraph: error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0].removeprefix("cellgraph: error: ")
