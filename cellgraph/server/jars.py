"""The server's jars: which ones (a lock file), where they are kept, and how they are fetched.

The folder ``locks`` beside this module lists every jar with its checksum; ``scripts/lock-neo4j`` writes it. Nothing
is resolved on the user's machine: exactly the locked files are downloaded by jgo's Maven layer (which uses the local
Maven repository, and a mirror in section ``[repositories]`` of ``~/.config/jgo.conf``), then checked, then moved into
place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import MissingExtraError, ServerError
from cellgraph.model import Report

if TYPE_CHECKING:
    from jgo.maven import MavenContext


VERSIONS = ("5.26.30", "2026.08.1")
"""Versions of Neo4j Community; the first is the long-term support release."""
VERSION = VERSIONS[0]


@dataclass(frozen=True)
class Plugin:
    """Procedures available for a server of `VERSION`: their name, version, licence and lock file."""

    name: str
    version: str
    licence: str
    lock: str


PLUGINS = {
    "gds": Plugin("Neo4j Graph Data Science", "2.13.9", "GPL-3.0", "gds-2.13.9"),
    "apoc": Plugin("APOC Core", "5.26.19", "Apache-2.0", "apoc-5.26.19"),
}
PAUSES = (1.0, 4.0)
"""Seconds to wait before retrying a failed download."""
_DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Jar:
    """One locked file: its Maven coordinate and its SHA-256."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    def __str__(self) -> str:
        return ":".join(filter(None, (self.group, self.artifact, self.version, self.classifier)))

    @property
    def filename(self) -> str:
        return "-".join(filter(None, (self.artifact, self.version, self.classifier))) + ".jar"


def read_lock(name: str = f"neo4j-{VERSION}") -> tuple[Jar, ...]:
    """Read a lock file: lines are ``group:artifact:version[:classifier] sha256`` or a ``#`` comment."""
    return parse_lock((files("cellgraph.server") / "locks" / f"{name}.lock").read_text())


def parse_lock(text: str) -> tuple[Jar, ...]:
    """Parse the text of a lock file."""
    jars = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            coordinate, sha256 = line.split()
            group, artifact, version, classifier = (*coordinate.split(":"), "")[:4]
            jars.append(Jar(group, artifact, version, classifier, sha256))
    return tuple(jars)


def cache_folder(name: str = f"neo4j-{VERSION}") -> Path:
    """Return the folder in the user's cache directory with the jars of a lock, shared by all homes of the user."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "cellgraph" / name


def fetch_lock(name: str, *, source: Path | None = None, report: Report | None = None) -> list[Path]:
    """Make sure that every jar of a lock is in the cache, as `fetch` does."""
    return fetch(read_lock(name), folder=cache_folder(name), source=source, report=report, what=name)


def fetch(
    jars: Sequence[Jar] | None = None,
    *,
    folder: Path | None = None,
    source: Path | None = None,
    report: Report | None = None,
    what: str = f"neo4j-{VERSION}",
) -> list[Path]:
    """Make sure that every locked jar is present with the right checksum, and return their paths.

    Jars found in `source`, a folder or a Maven repository, are copied instead of downloaded. Damaged ones in the cache
    are removed and fetched again. Several processes may do this at the same time.

    Raises
    ------
    ServerError
        If `source` is not a folder, or a jar cannot be downloaded or does not match its lock; then that file is
        removed.
    MissingExtraError
        If a download is needed and jgo is not installed.
    """
    jars = read_lock() if jars is None else jars
    folder = cache_folder() if folder is None else folder
    if source is not None and not source.is_dir():
        raise ServerError(f"--jars must name a folder with the jars of Neo4j {VERSION}, but {source} is not a folder")
    try:
        if _absent(jars, folder):
            folder.mkdir(parents=True, exist_ok=True)
            with open(folder / "lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # Another process may have downloaded them while we waited.
                absent = [jar for jar in _absent(jars, folder) if not _from_folder(jar, source, folder)]
                if absent:
                    _download(absent, len(jars), folder, report, what)
    except OSError as error:
        raise ServerError(
            f"the files of {what} cannot be stored in {folder}: {error.strerror or error}; "
            "make room there, or set XDG_CACHE_HOME to another folder"
        ) from error
    return [folder / jar.filename for jar in jars]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _absent(jars: Iterable[Jar], folder: Path) -> list[Jar]:
    """List the jars that are missing or damaged; damaged ones are removed."""

    def is_absent(jar: Jar) -> bool:
        path = folder / jar.filename
        if not path.exists():
            return True
        if sha256_of(path) == jar.sha256:
            return False
        path.unlink(missing_ok=True)
        return True

    with ThreadPoolExecutor() as pool:  # hashing releases the GIL
        jars = list(jars)
        return [jar for jar, absent in zip(jars, pool.map(is_absent, jars), strict=True) if absent]


def _from_folder(jar: Jar, source: Path | None, folder: Path) -> bool:
    """Copy the jar from the user's folder if it is there intact; tell whether it was."""
    if source is None:
        return False
    in_repository = Path(*jar.group.split("."), jar.artifact, jar.version, jar.filename)
    for path in (source / jar.filename, source / folder.name / jar.filename, source / in_repository):
        if path.is_file() and sha256_of(path) == jar.sha256:
            temporary = Path(shutil.copyfile(path, folder / f"{jar.filename}.new"))
            temporary.replace(folder / jar.filename)
            return True
    return False


def _download(absent: Sequence[Jar], total: int, folder: Path, report: Report | None, what: str) -> None:
    for leftover in folder.glob("download-*"):  # left by a killed process; we hold the lock
        shutil.rmtree(leftover)
    staging = Path(tempfile.mkdtemp(prefix="download-", dir=folder))
    done = total - len(absent)
    pool = ThreadPoolExecutor(_DOWNLOADS_AT_ONCE)
    try:
        context = _maven(staging)
        futures = [pool.submit(_download_one, jar, context, folder) for jar in absent]
        for future in as_completed(futures):
            future.result()
            done += 1
            if report:
                report(f"downloading {what}", done, total)
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(staging, ignore_errors=True)


def _maven(staging: Path) -> MavenContext:
    """Return jgo's Maven context: it downloads to `staging`; the user's repositories come first."""
    try:
        from jgo.config import GlobalSettings
        from jgo.constants import MAVEN_CENTRAL_URL
        from jgo.maven import MavenContext
    except ImportError as error:
        raise MissingExtraError("a local Neo4j", "neo4j-local", "jgo") from error
    repositories = {name: url.rstrip("/") for name, url in GlobalSettings.load().repositories.items()}
    repositories.setdefault("central", MAVEN_CENTRAL_URL)
    return MavenContext(repo_cache=staging, remote_repos=repositories, timeout=60)


def _download_one(jar: Jar, context: MavenContext, folder: Path) -> None:
    artifact: Any = context.project(jar.group, jar.artifact).at_version(jar.version).artifact(jar.classifier)
    path = _from_local_repository(jar, artifact) or _from_remote(jar, artifact)
    found = sha256_of(path)
    if found != jar.sha256:
        path.unlink()
        raise ServerError(
            f"{jar} must have the SHA-256 {jar.sha256}, but the download has {found} and was removed; "
            f"try again, and if that does not help, check the mirror in use ({_repositories(artifact)})"
        )
    path.replace(folder / jar.filename)


def _from_local_repository(jar: Jar, artifact: Any) -> Path | None:
    """Copy the jar from the user's Maven repository (``~/.m2/repository``, ``M2_REPO``) if it is there."""
    from jgo.config import GlobalSettings

    path = Path(GlobalSettings.load().repo_cache) / artifact.component.path_prefix / artifact.filename
    if not path.is_file() or sha256_of(path) != jar.sha256:
        return None
    return Path(shutil.copyfile(path, artifact.context.repo_cache / artifact.filename))


def _from_remote(jar: Jar, artifact: Any) -> Path:
    """Download to the staging folder, retrying after network errors."""
    from requests import RequestException

    for pause in (*PAUSES, None):
        try:
            return Path(artifact.resolve())
        except RequestException as error:
            artifact.cached_path.unlink(missing_ok=True)
            if pause is None:
                raise ServerError(
                    f"{jar} could not be downloaded ({type(error).__name__}); check the network, name a "
                    "mirror of Maven Central in ~/.config/jgo.conf ([repositories] central = URL), or copy "
                    f"{cache_folder()} from a machine that has it, and name the copy with --jars DIR"
                ) from error
            time.sleep(pause)
        except RuntimeError as error:
            raise _not_served(jar, artifact) from error
    raise _not_served(jar, artifact)


def _not_served(jar: Jar, artifact: Any) -> ServerError:
    return ServerError(
        f"{jar} was not found in any of the repositories in use ({_repositories(artifact)}); check the network, "
        "and [repositories] in ~/.config/jgo.conf"
    )


def _repositories(artifact: Any) -> str:
    return ", ".join(artifact.context.remote_repos.values())
