"""The repository around the code: its scripts, its documentation, and that they agree with the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cellgraph
from cellgraph.volumes.formats import FILES, FOLDERS

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(path.relative_to(REPOSITORY) for path in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
TEST_COMMAND = "./scripts/test"


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["version"] == cellgraph.__version__


def test_ci_runs_the_checks_and_then_the_test_command_of_the_readme() -> None:
    commands = re.findall(r"^(?:exec )?(\./scripts/\S+)$", (REPOSITORY / ".ci" / "run").read_text(), re.MULTILINE)
    assert commands == ["./scripts/check", TEST_COMMAND]
    first_screen = (REPOSITORY / "README.md").read_text().splitlines()[:40]
    assert any(line.strip().startswith(TEST_COMMAND) for line in first_screen)
    assert any(line.strip().startswith("./scripts/demo") for line in first_screen)


def test_every_test_file_is_collected(request: pytest.FixtureRequest) -> None:
    """Folders with some names, as ``build``, are left out by pytest without a word."""
    asked = [Path(argument.partition("::")[0]).resolve() for argument in request.config.args]
    if asked != [REPOSITORY / "tests"] or request.config.option.keyword or request.config.option.markexpr:
        pytest.skip("only some of the tests were asked for")
    there = {path for path in (REPOSITORY / "tests").rglob("*.py") if re.match(r"test_|.*_test\.py$", path.name)}
    collected = {item.path for item in request.session.items}
    assert there - collected == set()


def test_tables_in_the_documentation_are_those_of_the_code() -> None:
    command = [sys.executable, REPOSITORY / "scripts" / "doc-tables", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_layers_in_contributing_are_those_that_are_enforced() -> None:
    (contract,) = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    section = (REPOSITORY / "CONTRIBUTING.md").read_text().partition("## Layers")[2].partition("\n## ")[0]
    shown = [re.split(r"  +", line.strip())[0] for line in section.splitlines() if line.startswith("    ")]
    assert shown == contract["layers"]


@pytest.mark.parametrize("ending", [ending for kind in (*FILES, *FOLDERS) for ending in kind.suffixes[:1]])
def test_every_format_is_in_the_readme(ending: str) -> None:
    images = (REPOSITORY / "README.md").read_text("utf-8").partition("## Images")[2].partition("\n## ")[0]
    assert f"{ending}`" in images


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_within_the_repository_lead_somewhere(document: Path) -> None:
    text = (REPOSITORY / document).read_text("utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    missing = [link for link in local if not (REPOSITORY / document).parent.joinpath(link).exists()]
    assert not missing


@pytest.mark.parametrize("script", ["setup", "check", "test", "demo", "../.ci/run"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    path = (REPOSITORY / "scripts" / script).resolve()
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], capture_output=True, text=True).stderr == ""


class TestSetup:
    """`scripts/setup` on machines that lack something, each a Python that answers as such a machine would."""

    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        """Return a folder that has only what `scripts/setup` looks at."""
        (tmp_path / "scripts").mkdir()
        shutil.copy(REPOSITORY / "scripts" / "setup", tmp_path / "scripts" / "setup")
        shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
        return tmp_path

    def run(self, checkout: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it with a shell script for a Python."""
        named = checkout / "python"
        named.write_text(f"#!/bin/sh\n{python}\n")
        named.chmod(0o755)
        environment = {**os.environ, "PYTHON": str(named)}
        command = [checkout / "scripts" / "setup", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def test_an_old_python_is_refused_with_a_sentence(self, checkout: Path) -> None:
        done = self.run(checkout, "exit 1")
        assert done.returncode == 1
        assert "needs Python 3.11 or newer" in done.stderr

    def test_a_python_that_cannot_make_environments_is_told_which_package_can(self, checkout: Path) -> None:
        done = self.run(checkout, 'case "$*" in *ensurepip*|"-m pip"*) exit 1;; esac')
        assert done.returncode == 1
        assert "apt-get install python3-venv" in done.stderr

    def test_an_unknown_environment_is_refused(self, checkout: Path) -> None:
        done = self.run(checkout, "exit 0", "everything")
        assert done.returncode == 2
        assert "expected 'dev' or 'demo'" in done.stderr

    def test_what_is_installed_is_left_alone_until_the_project_file_changes(self, checkout: Path) -> None:
        python = checkout / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text('#!/bin/sh\necho "$*" >> "$(dirname "$0")/../../calls"\n')
        python.chmod(0o755)
        calls = checkout / "calls"

        def installs() -> int:
            before = calls.read_text().count("--editable .[all,dev]") if calls.exists() else 0
            assert self.run(checkout, "exit 1").returncode == 0
            return calls.read_text().count("--editable .[all,dev]") - before

        assert [installs(), installs()] == [1, 0]
        with (checkout / "pyproject.toml").open("a") as project:
            project.write("# changed\n")
        assert [installs(), installs()] == [1, 0]
