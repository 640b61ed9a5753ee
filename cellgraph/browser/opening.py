"""What `cellgraph browse` does: start the server, prepare the drawing, and write the file that opens both."""

from __future__ import annotations

import os
import shlex
import sys
import webbrowser
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from cellgraph import server
from cellgraph.analyze.database import Database
from cellgraph.analyze.database import open as open_database
from cellgraph.analyze.drawing import Drawing
from cellgraph.browser.favourites import FOLDER, favourites
from cellgraph.browser.guide import Example, example, guide
from cellgraph.browser.style import style
from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.model import Report
from cellgraph.stores.addresses import address_of, dialect_of, open_store
from cellgraph.stores.bolt import Neo4jStore
from cellgraph.stores.bolt.address import parse

_DRAWN_AT_ONCE = 1000
"""Number of cells beyond which Neo4j Browser gets slow; it shows only the first ones."""
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Opening:
    """Neo4j Browser, ready to be opened.

    Attributes
    ----------
    drawing : Drawing
        What it draws.
    page : str
        The address for the web browser: a ``file://`` address for the local server, or for another server the address
        of its Neo4j Browser with the query filled in.
    browser : str
        The address of Neo4j Browser itself.
    local : bool
        Whether it is the local server, which needs no sign-in.
    notes : tuple of str
        Sentences for the user.
    """

    drawing: Drawing
    page: str
    browser: str
    local: bool
    notes: tuple[str, ...]


def browse(
    query: str | None = None,
    *,
    sample: str | None = None,
    limit: int | None = None,
    db: str | None = None,
    classes: bool | None = None,
    jars_folder: str | os.PathLike[str] | None = None,
    report: Report | None = None,
    **parameters: Any,
) -> Opening:
    """Prepare Neo4j Browser to draw a query, with a guide to the data, a style, and the queries as favourites.

    The local Neo4j is started if it is not running. `open_page` opens the page that is returned.

    Parameters
    ----------
    query : str, optional
        A named query that has a graph form. None draws a cell with many neighbours, and these.
    sample, limit, **parameters
        As in `Database.query`.
    db : str, optional
        The address of a Neo4j on another server; None or ``neo4j`` is the local one.
    classes : bool, optional
        True labels the cells of the sample, or of all samples, so that Neo4j Browser shows their class: ``:Border``,
        and ``:Small`` and ``:Large`` for the fifths with the smallest and largest volume. False removes these labels.
    jars_folder, report
        As in `cellgraph.server.start`.

    Raises
    ------
    NotFoundError
        If there is no such query, sample or cell, or no sample at all.
    ParameterError
        If `db` is not a Neo4j, or for parameters that the query does not take.
    ServerError, ConnectError
        If the local Neo4j cannot be started, or another one cannot be reached.
    """
    address = "neo4j" if db is None else address_of(db)
    if dialect_of(address) != "neo4j":
        raise ParameterError(
            f"Neo4j Browser can show only a Neo4j database, but {address!r} is a file; copy its samples, and browse "
            f"these: cellgraph copy {shlex.quote(address)} neo4j"
        )
    if address == "neo4j":
        server.start(jars_folder=jars_folder, report=report)
    with open_database(address) as database:
        samples = _samples(database, address)
        chosen = example(database, sample or samples[0])
        if classes is not None:
            _set_classes(address, [sample] if sample else samples, classes)
        if query is None:
            if parameters or limit is not None:
                raise ParameterError(
                    "parameters need a query, but none is named; name one, such as: cellgraph browse within"
                )
            query, parameters = _first(chosen)
            sample = sample or samples[0]
        drawing = database.drawing(query, sample=sample, limit=limit, **parameters)
        if address == "neo4j":
            return _local(database, drawing, chosen)
    return _elsewhere(address, drawing)


def _samples(database: Database, address: str) -> list[str]:
    """Return the names of the samples; if there are none, the error says what to copy or load."""
    names: list[str] = database.samples()["sample"].to_pylist()
    if names:
        return names
    file, shown = address_of(), shlex.quote(address)
    if os.path.isfile(file):
        ready = f"copy the samples of {file} into it, and browse again: cellgraph copy {shlex.quote(file)} {shown}"
    else:
        ready = f"load one: cellgraph load IMAGE --db {shown}"
    raise NotFoundError(f"there is no sample in the Neo4j yet, so there is nothing to browse; {ready}")


def _set_classes(address: str, samples: list[str], wanted: bool) -> None:
    """Write or remove the labels of classes, through a store of its own, as the one for queries can only read."""
    with open_store(address) as store:
        if isinstance(store, Neo4jStore) and not store.set_classes(samples, wanted) and wanted:
            raise NotFoundError("--classes shows borders and sizes, but these cells have neither on_border nor volume")


def _first(chosen: Example | None) -> tuple[str, dict[str, Any]]:
    """Return the query that is drawn if none is named, and its parameters."""
    if chosen is None:
        raise NotFoundError(
            "no two cells of the sample touch, so there is no contact to draw; name another one with --sample"
        )
    return "within", {"cell": chosen.cell, "k": 1}


def _local(database: Database, drawing: Drawing, chosen: Example | None) -> Opening:
    """Write the launcher of the local server."""
    columns = {column.name for column in database.columns("cells")}
    path = server.launcher(
        cypher=drawing.cypher,
        editor=_editor(drawing),
        settings={
            "initialNodeDisplay": min(max(drawing.cells, 300), _DRAWN_AT_ONCE),
            "maxRows": min(max(drawing.paths, 1000), _ROWS_AT_ONCE),
        },
        guide=guide(database, chosen),
        offer={
            "style": style(names="name" in columns),
            "folder": FOLDER,
            "favourites": favourites(database.queries, chosen),
        },
    )
    browser = (server.status().browser or "").partition("?")[0]
    return Opening(drawing, path.as_uri(), browser, True, tuple(_notes(drawing)))


def _elsewhere(address: str, drawing: Drawing) -> Opening:
    """Return the default address of the Neo4j Browser of another server, with the query filled in."""
    at = parse(address)
    parts = urlsplit(at.uri)
    secure = "+s" in parts.scheme
    base = f"{'https' if secure else 'http'}://{parts.hostname}:{7473 if secure else 7474}/browser/"
    dbms = quote(f"{parts.scheme}://{at.user}@{parts.netloc}", safe="")
    database = f"&db={quote(at.database, safe='')}" if at.database else ""
    notes = [
        f"note: the Neo4j Browser of that server is assumed to be at {base}, the default of Neo4j; sign in there, and "
        "run the query in its editor",
        *_notes(drawing),
    ]
    return Opening(drawing, f"{base}?dbms={dbms}{database}&{_editor(drawing)}", base, False, tuple(notes))


def _editor(drawing: Drawing) -> str:
    """Return the part of an address that puts the Cypher into the editor.

    Neo4j Browser decodes the whole address before it splits it at ``&`` and ``#``.  In Cypher, these two occur only in
    quotes, where an escape is equivalent.
    """
    cypher = drawing.cypher.replace("&", "\\u0026").replace("#", "\\u0023")
    return f"cmd=edit&arg={quote(cypher, safe='')}"


def _notes(drawing: Drawing) -> list[str]:
    limits = [line.removeprefix("Limit: ") for line in drawing.note.splitlines() if line.startswith("Limit: ")]
    notes = [f"note: the drawing is limited: {limit}" for limit in limits]
    if drawing.cells > _DRAWN_AT_ONCE:
        notes.append(f"note: Neo4j Browser shows the first {_DRAWN_AT_ONCE:,} of {drawing.cells:,} cells")
    return notes


def open_page(page: str) -> bool:
    """Open an address in the user's web browser; return whether there is one, with a display to show it on."""
    windows = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    return windows and webbrowser.open(page)
