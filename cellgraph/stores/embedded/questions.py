"""Allow only queries on a database that is open read-only.

A read-only database refuses writes to itself.  But Ladybug (0.20) still allows ``COPY … TO`` and ``EXPORT DATABASE``,
which can write any of the user's files, ``INSTALL``, which downloads programs, and ``CHECKPOINT``, which leaves a log
that nobody can open.  The grammar distinguishes these from queries: only a query may follow an ``UNWIND``.  Reads of
files or URLs (``LOAD FROM`` and functions such as ``READ_CSV_SERIAL``) may appear inside a query; they are recognised
by their keywords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked

if TYPE_CHECKING:
    import ladybug

_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_LOAD = re.compile(r"\bLOAD\W+(FROM|WITH\W+HEADERS)\b", re.IGNORECASE)
_CALL = re.compile(r"(?<![.:$\w])CALL[^\w({]*(\w*)[^\w({]*\(", re.IGNORECASE)
_CALLED = re.compile(
    r"show_\w+|table_info|storage_info|stats_info|bm_info|db_version|catalog_version|storage_version|current_setting",
    re.IGNORECASE,
)
"""Functions that describe the database itself; others read files."""

_BEFORE = "UNWIND [1] AS `nothing`\n"


def require_question(connection: ladybug.Connection, cypher: str) -> None:
    """Raise `StoreError` for anything but a single query; what Ladybug itself refuses is left to it."""
    _refuse_files(blanked(cypher))
    refusal = _refusal(connection, _BEFORE + cypher)
    if "multiple statements" in refusal:
        raise StoreError("a query is one statement; leave out what follows the ';'.")
    if not refusal.startswith("Parser exception"):
        return
    if not _refusal(connection, cypher).startswith(("Parser exception", "Connection exception")):
        raise StoreError(
            "only queries are allowed, which begin with MATCH, OPTIONAL MATCH, UNWIND, WITH, CALL or RETURN; "
            "statements on the database itself or on files, such as COPY, EXPORT and INSTALL, are not run."
        )


def _refuse_files(code: str) -> None:
    """Raise `StoreError` for reads of files or URLs, before the statement is prepared, which would open them."""
    if _LOAD.search(code):
        raise StoreError(
            "queries read only the database, not files or URLs, so LOAD FROM is not run; load a table with: "
            "cellgraph load-tables"
        )
    for found in _CALL.finditer(code):
        if not _CALLED.fullmatch(found[1]):
            raise StoreError(
                f"queries read only the database, not files, so CALL {found[1] or 'of a quoted name'} is not run; CALL "
                "is only for show_tables(), table_info('Cell'), show_functions() and the like."
            )


def sorts(cypher: str) -> bool:
    """Whether a statement sorts rows, which Ladybug (0.20) may do wrongly with more than one thread; see `sorting`."""
    return _ORDER.search(blanked(cypher)) is not None


def can_be_asked(connection: ladybug.Connection, cypher: str, values: dict[str, Any] | None = None) -> bool:
    """Tell whether a statement can be prepared, with its parameters, whose types are needed inside a path."""
    return not _refusal(connection, cypher, values)


def _refusal(connection: ladybug.Connection, cypher: str, values: dict[str, Any] | None = None) -> str:
    """Return why a statement cannot be prepared, or an empty string if it can; this changes nothing."""
    from ladybug import PreparedStatement

    prepared = PreparedStatement(connection, cypher, values)
    return "" if prepared.is_success() else prepared.get_error_message()
