"""Open the database that an address names."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cellgraph.errors import ParameterError, StoreError

if TYPE_CHECKING:
    from cellgraph.stores.bolt import Neo4jStore
    from cellgraph.stores.contract import Store

DEFAULT = "cellgraph.db"
VARIABLE = "CELLGRAPH_DB"


def open_store(db: str | os.PathLike[str] | None = None, *, read_only: bool = False, create: bool = False) -> Store:
    """Open a graph database.

    Parameters
    ----------
    db : str or path, optional
        A path: the embedded database in that file.  ``bolt://…`` or ``neo4j://…``, also with ``+s`` or ``+ssc``: a
        Neo4j, with the credentials in ``NEO4J_USERNAME`` and ``NEO4J_PASSWORD``.  ``neo4j``: the local server of
        `cellgraph.server`.  By default the environment's ``CELLGRAPH_DB``, or ``cellgraph.db`` in the current
        directory.
    read_only : bool
        Refuse `Store.write` and `Store.delete`.
    create : bool
        Whether the first write may create a file that does not exist; a Neo4j is checked for anything that would
        prevent a write.

    Raises
    ------
    NotFoundError
        If the file does not exist and is not to be created.
    ParameterError
        If `db` is neither text nor path, or empty.
    ConnectError
        If the server cannot be reached or refuses the credentials.
    StoreError
        If the file is not a database.
    """
    address = address_of(db)
    if isinstance(db, os.PathLike):
        return _open_file(Path(db), read_only, create)
    if "://" in address:
        return _open_address(address, read_only, create)
    if address == "neo4j":
        return _open_local(read_only, create)
    return _open_file(Path(address), read_only, create)


def address_of(db: str | os.PathLike[str] | None = None) -> str:
    """Return the address of a database as text: the one given, ``$CELLGRAPH_DB``, or ``cellgraph.db``.

    Raises
    ------
    ParameterError
        If it is neither text nor path, empty, or the name of a folder that does not exist.
    """
    if db is None:
        db = os.environ.get(VARIABLE) or DEFAULT
    if not isinstance(db, str | os.PathLike):
        raise ParameterError(f"expected a database: a path or an address as text, got {db!r}")
    address = os.fspath(db)
    if "\0" in address:
        raise ParameterError(f"a database must be a path or an address, but {address!r} contains a zero byte")
    if "://" not in address:
        address = os.path.expanduser(address)
    if not address.strip():
        raise ParameterError("a database must be a path or an address, not empty text; leave it out for cellgraph.db.")
    if address.endswith("/") and "://" not in address and not os.path.exists(address):
        raise ParameterError(
            f"a database is a file, but {address!r} is a folder; name a file, such as {address}cells.db"
        )
    return address


def db_option(db: str) -> str:
    """Return the ``--db`` option that names a database in a suggested command; empty for the default one.

    A password is left out, since it would be visible; the credentials then come from the environment.
    """
    if db == address_of():
        return ""
    scheme, separator, rest = db.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}" if separator else db
    return f" --db {shlex.quote(shown)}"


def dialect_of(db: str | os.PathLike[str] | None = None) -> str:
    """Return the dialect of a database (see `Store.dialect`) from its address, without opening it."""
    if db is None:
        db = os.environ.get(VARIABLE) or DEFAULT
    return "neo4j" if isinstance(db, str) and ("://" in db or db == "neo4j") else "ladybug"


def _open_file(path: Path, read_only: bool, create: bool) -> Store:
    from cellgraph.stores.embedded import LadybugStore

    path = path.expanduser()
    _check_path(path)
    store = LadybugStore(path, read_only=read_only)
    store.check(create=create and not read_only)
    return store


def _open_address(address: str, read_only: bool, create: bool) -> Store:
    from cellgraph.stores.bolt import Neo4jStore
    from cellgraph.stores.bolt.address import parse

    return _checked(Neo4jStore(parse(address), read_only=read_only), create)


def _open_local(read_only: bool, create: bool) -> Store:
    from cellgraph.server.home import locate
    from cellgraph.stores.bolt.local import LocalNeo4jStore

    return _checked(LocalNeo4jStore(locate(), read_only=read_only), create)


def _checked(store: Neo4jStore, create: bool) -> Store:
    """Check that a Neo4j can take samples before hours of work, not after."""
    if create and not store.read_only:
        try:
            store.check()
        except BaseException:
            store.close()
            raise
    return store


def _check_path(path: Path) -> None:
    """Refuse an invalid file name, a circular link, and an existing path that is not a file."""
    try:
        str(path).encode()
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    except ValueError as error:  # a zero byte, or invalid characters
        raise ParameterError(f"a database is a file, but {str(path)!r} is not a valid file name ({error})") from error
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be opened: {error.strerror or error}; name another file with --db"
        ) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise StoreError(f"a database is a file, but {path} is a device or a pipe; name another file with --db")
