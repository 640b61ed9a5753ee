"""A report on the phenotypes in a database: painted slices, tables and charts in one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from cellgraph.addresses import redacted
from cellgraph.analyze.database import Database
from cellgraph.errors import CellgraphError, InputError, NotFoundError, ParameterError
from cellgraph.estimation.catalogue import SampleFact, catalogue_of, meeting, named, read_samples
from cellgraph.estimation.filters import parse_filter
from cellgraph.files import OWN_PAGE, is_own_page, output_file, require_target
from cellgraph.handover import as_html, needed
from cellgraph.loading.ownvolume import one_sample, own_volume
from cellgraph.model import Report
from cellgraph.phenotypes.comparison import compare
from cellgraph.phenotypes.components import pca
from cellgraph.phenotypes.correlation import correlate
from cellgraph.phenotypes.groups import kmeans
from cellgraph.phenotypes.names import find_columns, listed_items, with_computed
from cellgraph.phenotypes.pictures import save_figure
from cellgraph.phenotypes.result import Result
from cellgraph.phenotypes.variation import variation
from cellgraph.pictures.plot import plot
from cellgraph.stores import Store, open_store
from cellgraph.stores.addresses import address_of, db_option

_SHOWN = 60
_PAINTED = 4
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: 2px 10px 2px 0; text-align: left; border-bottom: 1px solid #ddd; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; }
.painted img { max-width: 49%; }
code { background: #f3f3f3; padding: 2px 5px; } ul { color: #555; font-size: 13px; }
"""


@dataclass(frozen=True)
class _Section:
    title: str
    command: str
    analysis: Callable[[], Result]


def write_page(
    target: str | os.PathLike[str],
    db: str | os.PathLike[str] | None = None,
    *,
    columns: str | None = None,
    by: str | None = None,
    k: str = "2..6",
    where: str | None = None,
    sample: str | None = None,
    overwrite: bool = False,
    report: Report | None = None,
) -> tuple[str, ...]:
    """Write a page with painted slices, variation, correlation, components and groups of cells, and a comparison.

    The first samples are painted by the first column: the middle slice of the volume from which each was loaded, where
    that is still there, else its cells at their centroids.

    Parameters
    ----------
    target : path
        An ``.html`` file.
    db, where, sample
        As in `variation`.
    columns : str, optional
        As in `variation`; None is ``shape``, and ``degree`` if there are contacts.
    by : str, optional
        As in `compare`; None compares no samples.
    k : str
        As for `kmeans`.
    overwrite : bool
        Replace `target`; a page of an earlier call is always replaced.
    report : callable, optional
        Called with the number of sections that are done.

    Returns
    -------
    tuple of str
        Sentences on the sections without a result, and why; the page has them too.

    Raises
    ------
    ParameterError
        If the name does not end in .html or .htm.
    ExistsError
        If there is something at `target`.
    NotFoundError
        If there is no such folder, sample, or database.
    MissingExtraError
        If matplotlib or scikit-learn is not installed.
    """
    path = Path(target)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"the report needs the name of an .html file, but got {str(path)!r}.")
    require_target(path, overwrite or is_own_page(path))
    needed("matplotlib", "a report", "plot")
    needed("sklearn", "a report", "phenotypes")
    with open_store(db, read_only=True) as store:
        every = read_samples(store)
        facts = every if sample is None else named(every, [sample])
    columns = columns or ("shape,degree" if any(fact.contacts for fact in facts) else "shape")
    sections = list(_sections(db, columns, by, k, where, sample))
    parts, missing = [], []
    for number, section in enumerate(sections):
        if report is not None:
            report("sections", number, len(sections))
        try:
            parts.append(_shown(section))
        except (InputError, NotFoundError) as error:
            missing.append(f"{section.title}: {error}")
            parts.append(f"<h2>{escape(section.title)}</h2>\n<p>{escape(str(error))}</p>")
    if report is not None:
        report("sections", len(sections), len(sections))
    if len(missing) == len(sections):
        raise ParameterError("nothing can be reported. " + missing[0])
    with open_store(db, read_only=True) as store:
        painted = _painted(store, facts, every, columns, where)
    with output_file(path) as part:
        part.write_text("\n".join([_head(db, facts, where), painted, *parts, "</body></html>\n"]), "utf-8")
    return tuple(missing)


def _sections(
    db: Any, columns: str, by: str | None, k: str, where: str | None, sample: str | None
) -> Iterator[_Section]:
    asked: dict[str, Any] = {"where": where, "sample": sample}
    options = [f"--{name}={value}" for name, value in asked.items() if value is not None]
    of_db = db_option(address_of(db))

    def command(*words: str) -> str:
        return shlex.join(["cellgraph", *words, *options]) + of_db

    names = listed_items(columns)
    listed = ",".join(names)
    variations = partial(variation, columns, db, **asked)
    yield _Section("Variation within and between samples", command("variation", *names), variations)
    correlations = partial(correlate, columns, db, **asked)
    yield _Section("Correlation", command("correlate", "--columns", listed), correlations)
    yield _Section("Components", command("pca", "--columns", listed), partial(pca, columns, db, **asked))
    groups = command("cluster", "kmeans", "--k", k, "--columns", listed)
    yield _Section("Groups of cells", groups, partial(kmeans, columns, k, db, **asked))
    if by is not None:
        compared = partial(compare, columns, by, db, **asked)
        yield _Section(f"Samples by {by}", command("compare", "--by", by, *names), compared)


def _head(db: Any, facts: list[SampleFact], where: str | None) -> str:
    from cellgraph import __version__

    cells, contacts = sum(fact.cells for fact in facts), sum(fact.contacts for fact in facts)
    name = escape(redacted(address_of(db)))
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    only = f"<p>Only cells with <code>{escape(where)}</code>.</p>" if where else ""
    listed = "".join(
        f"<tr><td>{escape(fact.name)}</td><td class=number>{fact.cells:,}</td>"
        f"<td class=number>{fact.contacts:,}</td><td>{escape(fact.unit)}</td></tr>"
        for fact in facts[:_SHOWN]
    )
    more = f"<p>… and {len(facts) - _SHOWN:,} more samples.</p>" if len(facts) > _SHOWN else ""
    of = f"{len(facts):,} samples, {cells:,} cells, {contacts:,} contacts"
    return (
        f'<!DOCTYPE html>\n{OWN_PAGE} report -->\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Phenotypes in {name}</title>"
        f"<style>{_STYLE}</style></head><body>\n<h1>Phenotypes</h1>\n"
        f"<p>{name}: {of}. cellgraph {escape(__version__)}, {made}.</p>{only}\n"
        f"<table><tr><th>sample</th><th>cells</th><th>contacts</th><th>unit</th></tr>{listed}</table>{more}"
    )


def _painted(store: Store, facts: list[SampleFact], every: list[SampleFact], columns: str, where: str | None) -> str:
    """Draw the first samples by the first of the columns that each has."""
    catalogue = with_computed(catalogue_of(facts))
    try:
        names = list(find_columns(listed_items(columns), catalogue, []))
        facts = meeting(facts, every, None if where is None else parse_filter(where, catalogue, "cells"))
    except (ParameterError, NotFoundError):
        return ""  # each section says why
    parts, notes = [], []
    for fact in facts[:_PAINTED]:
        stored = {column.name for column in fact.of_cells if column.type != "str"}
        color = next((name for name in names if name in stored), None)
        if color is None:
            notes.append(f"{fact.name}: none of the columns is stored with its cells, so it is not drawn.")
            continue
        options: dict[str, Any] = {"db": Database(store), "sample": fact.name, "color": color, "contacts": False}
        options |= {} if where is None else {"where": where}
        query = None if where is None else "cells"
        try:
            with own_volume(one_sample(store, fact.name), None, {}) as scan:
                axes = plot(scan, query, **options)
        except CellgraphError as error:
            notes.append(f"{fact.name}: drawn without its volume: {error}")
            try:
                axes = plot(None, query, **options)
            except CellgraphError as instead:
                notes[-1] = f"{fact.name}: not drawn: {instead}"
                continue
        picture, letters = _picture(axes.figure, f"{fact.name} by {color}")
        parts.append(picture)
        notes += [letters] if letters else []
    if len(facts) > _PAINTED:
        notes.append(f"the first {_PAINTED} of {len(facts):,} samples.")
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<h2>Tissue</h2>\n<div class=painted>{''.join(parts)}</div>\n<ul>{listed}</ul>"


def _shown(section: _Section) -> str:
    found = section.analysis()
    picture, letters = _picture(found.picture(), section.title)
    notes = "".join(f"<li>{escape(note)}</li>" for note in (*found.notes, *([letters] if letters else ())))
    return (
        f"<h2>{escape(section.title)}</h2>\n<p><code>{escape(section.command)}</code></p>\n"
        f"{picture}\n{as_html(found.rows, _SHOWN)}\n<ul>{notes}</ul>"
    )


def _picture(figure: Any, title: str) -> tuple[str, str | None]:
    """Return a picture as HTML, and a sentence on letters that it lacks."""
    page = io.BytesIO()
    letters = save_figure(figure, page, "png", dpi=110)
    data = base64.b64encode(page.getvalue()).decode()
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">', letters
