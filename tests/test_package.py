"""What cellgraph offers: the names of the package, its errors, its commands."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

import cellgraph
from cellgraph import errors
from cellgraph.cli.app import app

REPOSITORY = Path(__file__).resolve().parent.parent

PUBLIC = [
    "CellGraph",
    "CellgraphError",
    "Database",
    "Estimate",
    "Sweep",
    "__version__",
    "annotate",
    "browse",
    "copy",
    "delete",
    "distance",
    "estimate",
    "export",
    "load",
    "load_many",
    "load_tables",
    "metrics",
    "near",
    "open",
    "open_scan",
    "paint",
    "phantom",
    "plot",
    "server",
    "sweep",
    "territory",
    "vertices",
    "view",
    "watch",
]


def commands() -> dict[str, Any]:
    """Return every command (as click has it) by what people type."""
    found: dict[str, Any] = {}

    def walk(words: str, command: Any) -> None:
        found[words] = command
        for name, below in getattr(command, "commands", {}).items():
            walk(f"{words} {name}", below)

    walk("cellgraph", typer.main.get_command(app))
    return found


def test_no_module_takes_the_place_of_a_public_function() -> None:
    # Importing a module below the package sets its name there: a function of that name would be gone.
    folder = Path(cellgraph.__file__).parent
    modules = {path.stem for path in (*folder.glob("*.py"), *(init.parent for init in folder.glob("*/__init__.py")))}
    assert modules & set(PUBLIC) == {"server"}


def test_the_public_names_are_these() -> None:
    assert cellgraph.__all__ == PUBLIC


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert name in dir(cellgraph)
    assert (getattr(cellgraph, name).__doc__ or "").strip()


def test_modules_take_nothing_from_the_package_itself_but_the_version() -> None:
    # import-linter does not follow what the package names, so this would be a way around the layers.
    allowed = {"__version__", *(path.stem for path in (REPOSITORY / "cellgraph").iterdir())}
    for module in (REPOSITORY / "cellgraph").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "cellgraph":
                assert {name.name for name in node.names} <= allowed, module


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'swep'"):
        cellgraph.swep  # noqa: B018


def test_errors_are_those_of_the_tree_that_is_drawn() -> None:
    drawn = re.findall(r"^[ │├└─]*(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    tree = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert sorted(drawn) == sorted(tree)
    assert all(issubclass(kind, cellgraph.CellgraphError) for kind in tree.values())


@pytest.mark.parametrize("words", commands())
def test_every_command_and_option_has_help(words: str) -> None:
    command = commands()[words]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None) or parameter.name == "help", f"{words}: {parameter.name}"


@pytest.mark.parametrize("words", commands())
def test_every_command_is_documented(words: str) -> None:
    documents = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    assert any(words in document.read_text("utf-8") for document in documents)


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "cellgraph", "--version"], capture_output=True, text=True)
    assert done.stdout == f"cellgraph {cellgraph.__version__}\n"
