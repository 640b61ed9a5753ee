"""The folder of a local Neo4j: where its data, logs, configuration and password are."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cellgraph.errors import ServerError
from cellgraph.files import write_text

ENVIRONMENT_VARIABLE = "CELLGRAPH_NEO4J_HOME"
USER = "neo4j"
NEEDED_BYTES = 250_000_000

_ABOUT = """\
This folder belongs to the local Neo4j of cellgraph (`cellgraph neo4j start`).

  data/        the databases
  logs/        output of the server; `cellgraph neo4j logs` prints the end of it
  conf/        its configuration; your own settings in neo4j.conf are kept
  pages/       Neo4j Browser, and what `cellgraph browse` adds to it
  password     the password of the user 'neo4j'; only you can read it
  run/         process id and ports of the running server

To remove it: `cellgraph neo4j stop`, then delete this folder.
"""


@dataclass(frozen=True)
class Home:
    """The folder of one local Neo4j; nothing is created before `prepare`.

    Attributes
    ----------
    path : pathlib.Path
        Absolute path, without symbolic links.
    """

    path: Path

    @property
    def password_file(self) -> Path:
        return self.path / "password"

    @property
    def configuration(self) -> Path:
        return self.path / "conf" / "neo4j.conf"

    @property
    def written_configuration(self) -> Path:
        """The configuration as cellgraph wrote it; anything that differs is the user's."""
        return self.path / "run" / "written.conf"

    @property
    def pages(self) -> Path:
        """What the server serves over HTTP, in its folder ``browser``."""
        return self.path / "pages"

    @property
    def launcher(self) -> Path:
        """The file that opens Neo4j Browser with the password."""
        return self.path / "run" / "launch.html"

    @property
    def console(self) -> Path:
        """Everything that the server printed since its last start."""
        return self.path / "logs" / "console.log"

    @property
    def pid_file(self) -> Path:
        return self.path / "run" / "neo4j.pid"

    @property
    def state_file(self) -> Path:
        """Ports of the last start, and what was started."""
        return self.path / "run" / "server.json"

    @property
    def has_databases(self) -> bool:
        """Whether a server ran here before: the system database holds its users, and so its password."""
        return (self.path / "data" / "databases" / "system").exists()

    def prepare(self) -> None:
        """Create the folder, for this user only.

        Raises
        ------
        ServerError
            If it cannot be created or written to, or holds other files, so it is used for something else.
        """
        about = self.path / "ABOUT.txt"
        try:
            # In this order: another start may be filling the folder, and it writes that file first.
            if self.path.is_dir() and any(self.path.iterdir()) and not about.exists():
                raise ServerError(
                    f"the home of the local Neo4j must be a new or empty folder, or an existing home, but {self.path} "
                    f"holds other files; choose another one with --home or {ENVIRONMENT_VARIABLE}"
                )
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            about.write_text(_ABOUT)
            for name in ("conf", "data", "logs", "pages", "run"):
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ServerError(
                f"the home of the local Neo4j, {self.path}, must be a writable folder, but: "
                f"{error.strerror or error}; choose another one with --home or {ENVIRONMENT_VARIABLE}"
            ) from error

    def ensure_room(self) -> None:
        """Check that there is disk space for empty databases; without it, a server may hang.

        Raises
        ------
        ServerError
            If there is too little space.
        """
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES and not self.has_databases:
            raise ServerError(
                f"the local Neo4j needs {NEEDED_BYTES / 1e6:.0f} MB of disk space to start with, but only "
                f"{free / 1e6:.0f} MB are free at {self.path}; make room, or choose another place with --home"
            )

    def password(self) -> str:
        """Read the password.

        Raises
        ------
        ServerError
            If there is no password, or it cannot be read.
        """
        try:
            return self.password_file.read_text().strip()
        except OSError as error:
            raise ServerError(
                f"the password of the local Neo4j cannot be read from {self.password_file}: {error.strerror or error}"
            ) from error

    def ensure_password(self, own: str | None = None) -> None:
        """At the first start, generate the password or take the user's, and store it in a file only they can read.

        Raises
        ------
        ServerError
            If there are databases already and their password is lost, or differs from `own`.
        """
        if self.password_file.exists():
            self.password_file.chmod(0o600)
            if own is not None and own != self.password():
                raise ServerError(
                    f"NEO4J_PASSWORD must be the password of the databases in {self.path}, which is in "
                    f"{self.password_file}; to make it their new password: cellgraph neo4j password --home "
                    f"{self.path}, then start again"
                )
            return
        if self.has_databases and own is None:
            raise ServerError(
                f"the databases in {self.path / 'data'} are protected by the password that was in "
                f"{self.password_file}, which is missing; restore the file, or set a new password: cellgraph neo4j "
                f"password --home {shlex.quote(str(self.path))}"
            )
        self.write_password(own or secrets.token_hex(16))

    def write_password(self, password: str) -> None:
        """Write the file of the password, which only this user can read, whole or not at all."""
        write_text(self.password_file, password + "\n", private=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this home: one start at a time; released by the kernel if we die."""
        import fcntl

        with open(self.path / "run" / "lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def locate(home: str | os.PathLike[str] | None = None) -> Home:
    """Find the home folder: the one given, ``CELLGRAPH_NEO4J_HOME``, or one in the user's data directory."""
    if home is None:
        home = os.environ.get(ENVIRONMENT_VARIABLE) or None
    if home is None:
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        home = Path(data) / "cellgraph" / "neo4j"
    return Home(Path(home).expanduser().resolve())
