"""A report on the phenotypes in a database: tables and pictures in one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import CellgraphError, InputError, NotFoundError, ParameterError
from cellgraph.estimation.catalogue import SampleFact, named, read_samples
from cellgraph.handover import as_html, needed
from cellgraph.model import Report
from cellgraph.phenotypes.comparison import compare
from cellgraph.phenotypes.components import pca
from cellgraph.phenotypes.correlation import correlate
from cellgraph.phenotypes.groups import kmeans
from cellgraph.phenotypes.result import Result
from cellgraph.phenotypes.variation import variation
from cellgraph.stores import open_store

if TYPE_CHECKING:
    pass

_SHOWN = 60
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: 2px 10px 2px 0; text-align: left; border-bottom: 1px solid #ddd; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; } code { background: #f3f3f3; padding: 2px 5px; } ul { color: #555; font-size: 13px; }
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
    report: Report | None = None,
) -> tuple[str, ...]:
    """Write a page with the variation, correlation, components and groups of cells, and a comparison of samples.

    Parameters
    ----------
    target : path
        An ``.html`` file; an existing one is replaced once the page is complete.
    db, where, sample
        As in `variation`.
    columns : str, optional
        As in `variation`; None is ``shape``, and ``degree`` if there are contacts.
    by : str, optional
        As in `compare`; None compares no samples.
    k : str
        As in `kmeans`.
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
    NotFoundError
        If there is no such folder, sample, or database.
    MissingExtraError
        If matplotlib or scikit-learn is not installed.
    """
    path = Path(target)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"the report needs the name of an .html file, but got {str(path)!r}.")
    if not path.parent.is_dir():
        raise NotFoundError(f"the folder {str(path.parent)!r} of the report does not exist; make it first.")
    needed("matplotlib", "a report", "plot")
    needed("sklearn", "a report", "phenotypes")
    with open_store(db, read_only=True) as store:
        every = read_samples(store)
        facts = every if sample is None else named(every, [sample])
    columns = columns or ("shape,degree" if any(fact.contacts for fact in facts) else "shape")
    sections = list(_sections(db, columns, by, k, where, sample))
    parts, missing = [_head(db, facts, where)], []
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
    _write(path, "\n".join([*parts, "</body></html>\n"]))
    return tuple(missing)


def _sections(
    db: Any, columns: str, by: str | None, k: str, where: str | None, sample: str | None
) -> Iterator[_Section]:
    asked: dict[str, Any] = {"where": where, "sample": sample}
    only = "".join(f" --{name} {shlex.quote(value)}" for name, value in asked.items() if value is not None)
    names = columns.replace(",", " ")
    yield _Section(
        "Variation within and between samples", f"variation {names}{only}", partial(variation, columns, db, **asked)
    )
    yield _Section("Correlation", f"correlate --columns {columns}{only}", partial(correlate, columns, db, **asked))
    yield _Section("Components", f"pca --columns {columns}{only}", partial(pca, columns, db, **asked))
    yield _Section(
        "Groups of cells", f"cluster kmeans --k {k} --columns {columns}{only}", partial(kmeans, columns, k, db, **asked)
    )
    if by is not None:
        yield _Section(
            f"Samples by {by}", f"compare --by {by} {names}{only}", partial(compare, columns, by, db, **asked)
        )


def _head(db: Any, facts: list[SampleFact], where: str | None) -> str:
    from cellgraph import __version__

    cells, contacts = sum(fact.cells for fact in facts), sum(fact.contacts for fact in facts)
    name = escape(str(db or os.environ.get("CELLGRAPH_DB") or "cellgraph.db"))
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
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Phenotypes in {name}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>Phenotypes</h1>\n"
        f"<p>{name}: {of}. cellgraph {escape(__version__)}, {made}.</p>{only}\n"
        f"<table><tr><th>sample</th><th>cells</th><th>contacts</th><th>unit</th></tr>{listed}</table>{more}"
    )


def _shown(section: _Section) -> str:
    found = section.analysis()
    notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    return (
        f"<h2>{escape(section.title)}</h2>\n<p><code>cellgraph {escape(section.command)}</code></p>\n"
        f"{_picture(found.picture(), section.title)}\n{as_html(found.rows, _SHOWN)}\n<ul>{notes}</ul>"
    )


def _picture(figure: Any, title: str) -> str:
    page = io.BytesIO()
    figure.savefig(page, format="png", dpi=110)
    data = base64.b64encode(page.getvalue()).decode()
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'


def _write(path: Path, text: str) -> None:
    """Write a file that gets its name only once it is complete."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as part:
            part.write(text)
        os.chmod(part.name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(part.name, path)
    except OSError as error:
        with suppress(OSError, UnboundLocalError):
            os.unlink(part.name)
        raise CellgraphError(f"cannot write {str(path)!r}: {error.strerror or error}.") from error
