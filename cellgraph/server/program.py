"""Which Neo4j to run: its version, and its third-party procedures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cellgraph.errors import ParameterError, ServerError, near
from cellgraph.model import Report
from cellgraph.server import jars
from cellgraph.server.home import Home
from cellgraph.server.jars import PLUGINS, VERSION, VERSIONS

_APOC = (
    "agg.* algo.* any.* atomic.* bitwise.* case coll.* convert.* create.* cypher.* data.* date.* diff.* do.* graph.* "
    "hashing.* help label.* lock.* map.* math.* merge.* meta.* neighbors.* node.* nodes.* number.* path.* periodic.* "
    "refactor.* rel.* schema.* scoring.* search.* stats.* temporal.* text.* util.md5 util.sha1 util.sha256 util.sha512 "
    "util.sleep util.validate util.validatePredicate version when"
)
"""The part of APOC that accesses no files and opens no URLs: not ``load``, ``import``, ``export``, ``log``, …"""


@dataclass(frozen=True)
class Program:
    """A version of Neo4j with procedures."""

    version: str = VERSION
    plugins: tuple[str, ...] = ()


def choose(home: Home, version: str | None, plugins: Sequence[str], last: str | None) -> Program:
    """Check the requested program; by default, the version is that of the last start in this home, `last`.

    Raises
    ------
    ParameterError
        For an unknown version or procedures, or an unsupported combination.
    ServerError
        If the databases are from a later version, which the requested one cannot read.
    """
    chosen = version or (last if last in VERSIONS else VERSION)
    if chosen not in VERSIONS:
        raise ParameterError(f"--version must be one of {', '.join(VERSIONS)}, not {chosen!r}.{near(chosen, VERSIONS)}")
    if last in VERSIONS and VERSIONS.index(chosen) < VERSIONS.index(last) and home.has_databases:
        raise ServerError(
            f"the databases in {home.path} are from Neo4j {last}, and {chosen} cannot read them; leave out --version, "
            "or choose another home with --home"
        )
    for name in plugins:
        if name not in PLUGINS:
            raise ParameterError(f"--with takes {' and '.join(PLUGINS)}, not {name!r}.{near(name, PLUGINS)}")
    if plugins and chosen != VERSION:
        raise ParameterError(f"--with needs Neo4j {VERSION}, but this would be {chosen}; leave --with out")
    return Program(chosen, tuple(dict.fromkeys(plugins)))


def fetch(home: Home, program: Program, source: Path | None, report: Report | None) -> list[Path]:
    """Return the class path of the server, downloading what is missing; procedures are linked into their own folder."""
    files = jars.fetch_lock(f"neo4j-{program.version}", source=source, report=report)
    added = [
        path for name in program.plugins for path in jars.fetch_lock(PLUGINS[name].lock, source=source, report=report)
    ]
    folder = _plugins(home)
    folder.mkdir(exist_ok=True)
    for link in folder.iterdir():
        if link.is_symlink():
            link.unlink()
    for path in added:
        (folder / path.name).symlink_to(path)
    return [*files, *added]


def settings(home: Home, program: Program) -> dict[str, str]:
    """Return the settings that let the server find the procedures, and allow some of them."""
    if not program.plugins:
        return {}
    allowed = {"gds": ["gds.*"], "apoc": [f"apoc.{name}" for name in _APOC.split()]}
    return {
        "server.directories.plugins": str(_plugins(home)),
        "dbms.security.procedures.allowlist": ",".join(name for plugin in program.plugins for name in allowed[plugin]),
        "dbms.security.procedures.unrestricted": "gds.*",
    }


def licences(plugins: Sequence[str]) -> list[str]:
    """Return a line on each plugin: its name, version and licence."""
    return [f"{p.name} {p.version}, licence {p.licence}" for p in (PLUGINS[name] for name in plugins)]


def _plugins(home: Home) -> Path:
    return home.path / "plugins"
