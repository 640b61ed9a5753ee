"""Translate exceptions of the Neo4j driver into messages for users; this is the only place that does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cellgraph.errors import CellgraphError, ConnectError, ParameterError, StoreError
from cellgraph.stores.values import without_values


@contextmanager
def translated(
    uri: str, *, query: str = "", parameters: Mapping[str, Any] | None = None, timeout: float | None = None
) -> Iterator[None]:
    """Turn any failure inside into an error that names the database and the query, but no values."""
    from neo4j import exceptions

    try:
        yield
    except CellgraphError:
        raise
    except exceptions.AuthError as error:
        raise refused(uri) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired, OSError) as error:
        if not_trusted(error):
            raise ConnectError(
                f"the certificate of Neo4j at {uri} is not trusted by this machine; set SSL_CERT_FILE to that of the "
                "authority that signed it, or accept a self-signed one with bolt+ssc:// or neo4j+ssc://."
            ) from error
        raise ConnectError(
            f"no Neo4j answers at {uri}; start it (the local one with: cellgraph neo4j start) or correct the address."
        ) from error
    except exceptions.ConfigurationError as error:
        raise ParameterError(f"Neo4j at {uri} cannot be used this way: {_first_line(str(error))}.") from error
    except exceptions.Neo4jError as error:
        raise _translation(error, uri, query, parameters or {}, timeout) from error
    except exceptions.DriverError as error:
        raise StoreError(f"the connection to {uri} failed: {_first_line(str(error))}.") from error


@contextmanager
def while_loading(uri: str) -> Iterator[None]:
    """If the connection breaks inside, explain what that means for the samples."""
    from neo4j import exceptions

    try:
        yield
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise ConnectError(
            f"Neo4j at {uri} went away during the load; nothing incomplete is visible, and the next load cleans up: "
            "start the server and load again."
        ) from error


def refused(uri: str) -> ConnectError:
    """Return the error for wrong or missing credentials."""
    return ConnectError(
        f"Neo4j at {uri} refused the user or the password; set NEO4J_USERNAME and NEO4J_PASSWORD (for the local one "
        "of cellgraph neo4j start, use --db neo4j, which knows its own)."
    )


def not_trusted(error: BaseException | None) -> bool:
    """Whether a connection failed because of the server's certificate."""
    import ssl

    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_starting(error: Exception) -> bool:
    """Whether a server reports that its database is not available yet, as after a start."""
    return _code(error).endswith(("Database.DatabaseUnavailable", "General.DatabaseUnavailable"))


def is_rate_limited(error: Exception) -> bool:
    """Whether a server refuses to sign in anybody for some seconds, after several refusals in a row."""
    return _code(error).endswith("Security.AuthenticationRateLimit")


def is_out_of_memory(error: Exception) -> bool:
    """Whether a transaction exceeded the server's memory limit per transaction."""
    return "OutOfMemory" in _code(error)


def _cannot_write(code: str, message: str) -> bool:
    """Whether the server failed to write its files; Neo4j 5.26 does not say why, and needs a restart."""
    said = ("no space left", "out of disk space", "critical error, and needs to be restarted")
    return code.endswith("Transaction.TransactionCommitFailed") or any(words in message.lower() for words in said)


def _code(error: Exception) -> str:
    return str(getattr(error, "code", "") or "")


def _translation(
    error: Exception, uri: str, query: str, parameters: Mapping[str, Any], timeout: float | None
) -> CellgraphError:
    what = f"the query {query!r}" if query else "the query"
    code = _code(error)
    message = _first_line(without_values(str(getattr(error, "message", "") or error), parameters))
    if is_rate_limited(error):
        return ConnectError(
            f"Neo4j at {uri} refuses to sign in this user for some seconds, after several wrong passwords in a row; "
            "check NEO4J_USERNAME and NEO4J_PASSWORD, wait and try again."
        )
    if code.startswith("Neo.ClientError.Security"):
        return refused(uri) if "Unauthorized" in code else ConnectError(f"Neo4j at {uri} refuses: {message}.")
    if code.endswith("Statement.AccessMode"):
        return StoreError(f"{what} writes, but queries only read; Neo4j at {uri} refused it.")
    if code.endswith("Statement.ParameterMissing"):
        return ParameterError(f"{what} uses a parameter that has no value: {message}.")
    if "TransactionTimedOut" in code:
        limit = "" if timeout is None else f" after {timeout:g} seconds"
        return StoreError(f"{what} was stopped{limit} before it finished; give it more time or ask for less.")
    if is_out_of_memory(error):
        return StoreError(f"{what} needs more memory than Neo4j at {uri} gives to one query; ask for less at once.")
    if _cannot_write(code, message):
        return StoreError(
            f"Neo4j at {uri} cannot write, most likely because its disk is full; make room there, start the server "
            f"again (the local one with: cellgraph neo4j stop; cellgraph neo4j start) and repeat; it says: {message}."
        )
    if code.endswith("Database.DatabaseNotFound"):
        return StoreError(f"Neo4j at {uri} has no database with the name in NEO4J_DATABASE; correct or unset it.")
    named = f" (parameters {', '.join(parameters)})" if parameters else ""
    return StoreError(f"Neo4j at {uri} could not run {what}{named}: {message}.")


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0].rstrip(". ")
