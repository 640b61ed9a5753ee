"""An open database: named queries, Cypher, and reading back whole graphs."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from cellgraph.analyze.answers import ANSWERS
from cellgraph.analyze.contactparts import contact_parts
from cellgraph.analyze.cyphernames import notes_of, unknown_names
from cellgraph.analyze.drawing import Drawing, draw
from cellgraph.analyze.names import with_names
from cellgraph.analyze.posing import check_call, check_method, check_value, pose, require_samples
from cellgraph.analyze.question import Method
from cellgraph.analyze.rows import as_declared, with_direction, with_note
from cellgraph.analyze.show import require_graph
from cellgraph.errors import ParameterError, StoreError, near
from cellgraph.queries import Catalogue, Query
from cellgraph.queries.text import parameters_in
from cellgraph.queries.values import check
from cellgraph.stores import earlier
from cellgraph.stores.contract import OWN_CYPHER

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes

    from cellgraph.estimation.conditions import ConditionOptions
    from cellgraph.estimation.selection import Selection
    from cellgraph.model import CellGraph, Column
    from cellgraph.statistics.autocorrelation import Method as Correlated
    from cellgraph.statistics.enrichment import Convention, Null
    from cellgraph.statistics.network import Weight
    from cellgraph.stores import Store


def open(db: str | os.PathLike[str] | None = None) -> Database:
    """Open a graph database for queries; it is never changed.

    Parameters
    ----------
    db : str or path, optional
        A database file; ``bolt://…`` or ``neo4j://…``; or ``neo4j`` for the local server. None is the
        environment variable ``CELLGRAPH_DB``, or ``cellgraph.db`` in this folder.

    Returns
    -------
    Database
        A context manager.

    Raises
    ------
    NotFoundError
        If the file does not exist.
    StoreError
        If it is not a database.
    ConnectError
        If the server cannot be reached or refuses the credentials.

    Examples
    --------
    >>> with cellgraph.open("cellgraph.db") as db:
    ...     rows = db.query("khop", k=2)
    """
    from cellgraph.stores import open_store

    return Database(open_store(db, read_only=True))


class Database:
    """A graph database, open for reading. Rows are returned as `pyarrow.Table` (``.to_pandas()`` makes a data frame).

    Parameters
    ----------
    store : Store
        The database.
    catalogue : Catalogue, optional
        The queries; by default those of cellgraph and of the folders in ``CELLGRAPH_CYPHER_PATH``.
    """

    def __init__(self, store: Store, catalogue: Catalogue | None = None) -> None:
        self._store = store
        self._catalogue = catalogue or Catalogue.load()

    def __repr__(self) -> str:
        return f"<Database {self._store!r}>"

    @property
    def queries(self) -> tuple[Query, ...]:
        """The named queries, with their parameters and columns."""
        return tuple(self._catalogue.listed())

    def query(
        self,
        name: str,
        *,
        sample: str | None = None,
        limit: int | None = None,
        method: Method = "auto",
        timeout: float | None = None,
        **parameters: Any,
    ) -> pa.Table:
        """Run a named query.

        Parameters
        ----------
        name : str
            Such as ``khop``; `queries` lists all names.
        sample : str, optional
            Name of one sample; None is all.
        limit : int, optional
            Maximum number of rows.
        method : {'auto', 'cypher', 'compiled', 'estimated'}
            How queries about every cell are answered: by the database, or by compiled code on the bare graph read
            from it. Both give the same rows; ``auto`` takes the faster one. ``estimated``, for ``khop`` and
            ``khop-summary``, takes one pass over the contacts for each hop, and reports the standard error.
        timeout : float, optional
            Maximum time in seconds; after it, a `StoreError` is raised, and never a part of the rows returned.
        **parameters
            Parameters of the query, and its conditions. A cell is given by its label, or as text by its name if cells
            have names; several cells as a list or comma-separated text.

        Returns
        -------
        pyarrow.Table
            The columns that the query declares, in their types, and further ones that came with the data; if cells
            have names, each name beside its cell.

        Raises
        ------
        ParameterError
            For an unknown, missing or ill-typed parameter, or a cell that is in several samples.
        NotFoundError
            If there is no such query, sample or cell.
        """
        check_call(name, timeout)
        query = self._catalogue[name]
        name = query.name
        check_method(name, method)
        if limit is not None:
            check(limit, "int", of="limit", minimum=0)
            limit = operator.index(limit)
        given = dict(parameters) | ({} if sample is None else {"sample": sample})
        if query.takes("limit"):
            given, limit = given | ({} if limit is None else {"limit": limit}), None
        with self._store.kept_open():
            return self._answer(query, given, limit, method, timeout)

    def _answer(
        self, query: Query, given: dict[str, Any], limit: int | None, method: Method, timeout: float | None
    ) -> pa.Table:
        """Answer a query whose arguments were looked at."""
        question = pose(self._store, self._catalogue, query, given, method, timeout)
        if question.unsaid and (method == "cypher" or query.name not in ANSWERS):
            hint = (
                "leave out --method cypher (method='cypher')" if query.name in ANSWERS else "ask without that condition"
            )
            raise ParameterError(f"{question.unsaid}; {hint}.")
        rows = ANSWERS[query.name](question) if query.name in ANSWERS else None
        rows = question.in_cypher(limit) if rows is None else as_declared(query, rows)
        question.left()  # raises if a compiled answer came too late
        rows = rows if limit is None else rows.slice(0, limit)
        if earlier.COLUMN in rows.column_names:
            rows = with_note(rows, earlier.note_on_earlier(self._store, given.get("sample")))
        rows = with_note(with_note(rows, question.left_out()), question.asked.note)
        return with_direction(with_names(question, rows), question)

    def drawing(self, name: str, *, sample: str | None = None, limit: int | None = None, **parameters: Any) -> Drawing:
        """Return the drawing of a named query for Neo4j Browser; `cellgraph.browse` opens it.

        Parameters
        ----------
        name, sample, **parameters
            As in `query`.
        limit : int, optional
            Maximum number of paths; for ``hubs``, of cells.

        Raises
        ------
        ParameterError, NotFoundError
            As in `query`; also for a query that returns only a table, or if there is nothing to draw.
        """
        check_call(name, None)
        query = self._catalogue[name]
        require_graph(self._catalogue, query)
        given = dict(parameters) | ({} if sample is None else {"sample": sample})
        if query.takes("limit") and limit is not None:
            given, limit = given | {"limit": limit}, None
        return draw(pose(self._store, self._catalogue, query, given, "cypher", None), limit)

    def plot(self, volume: Any = None, query: str | None = None, /, **options: Any) -> Axes:
        """Draw cells, coloured by a column or by the result of a query, and the contacts between them.

        Parameters
        ----------
        volume : str, path, numpy.ndarray or Scan, optional
            The labelled volume of the sample; without one, cells are drawn at their centroids.
        query : str, optional
            A named query, with its parameters among the options.
        **options
            ``sample``, ``color``, ``at``, ``project``, ``contacts``, ``output``, ``ax`` and the rest of
            `cellgraph.plot`.

        Examples
        --------
        >>> with cellgraph.open("cellgraph.db") as db:
        ...     axes = db.plot("cells.tif", "within", cell=42, k=2)
        """
        # Pictures are in a layer above this module, so they are imported only when one is asked for.
        axes: Axes = import_module("cellgraph.pictures.plot").plot(volume, query, db=self, **options)
        return axes

    def parts(
        self, name: str, *, sample: str | None = None, timeout: float | None = None, **asked: Any
    ) -> Iterator[pa.Table]:
        """Run a named query like `query`, but yield consecutive tables, so that memory holds one at a time.

        The contacts of volumes come in several tables; other results are one table.
        """
        found = None
        if name == "contacts" and all(value is None or value == "auto" for value in asked.values()):
            check_call(name, timeout)
            require_samples(self._store, sample)
            found = contact_parts(self._store, self._catalogue, sample, timeout)
        if found is None:
            found = iter([self.query(name, sample=sample, timeout=timeout, **asked)])
        yield from found

    def cypher(self, text: str, *, timeout: float | None = None, **parameters: Any) -> pa.Table:
        """Run your own Cypher; it can only read, as the database itself refuses writes.

        Parameters
        ----------
        text : str
            One statement, with ``$name`` for each parameter.
        timeout : float, optional
            Maximum time in seconds; after it, a `StoreError` is raised, and never a part of the rows returned.
        **parameters
            Values of the parameters.

        Returns
        -------
        pyarrow.Table
            Nodes, relationships, paths and maps are JSON text.

        Raises
        ------
        ParameterError
            If a parameter is missing, or given but not used.
        StoreError
            If the database refuses the statement.
        """
        check_call(text, timeout)
        for name, value in parameters.items():
            check_value(name, value)
        if not text.strip():
            raise ParameterError(
                "the Cypher statement is empty; write one, such as "
                "MATCH (:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) RETURN count(c) AS cells."
            )
        used = parameters_in(text)
        for name in parameters:
            if name not in used:
                raise ParameterError(f"the statement has no parameter ${name}.{near(name, used)}")
        for name in sorted(used - set(parameters)):
            raise ParameterError(f"the statement uses ${name}, which has no value; give it one ({name}=…).")
        unfinished = self._store.unfinished()
        try:
            rows = self._store.run(text, parameters, name=OWN_CYPHER, timeout=timeout)
        except StoreError as error:
            if "Cannot find property" in str(error) or "does not exist" in str(error):
                raise StoreError(
                    " ".join([str(error), *(f"{n[0].upper()}{n[1:]}" for n in unknown_names(self._store, text))])
                ) from error
            raise
        unfinished = max(unfinished, self._store.unfinished())  # one seen in between was there before or is now
        notes = notes_of(self._store, text)
        if unfinished:
            notes = [*notes, _unfinished(unfinished)]
        if earlier.mentions(text):
            notes = [*notes, earlier.note_on_earlier(self._store)]
        return with_note(rows, "\n".join(filter(None, notes)))

    def columns(self, of: Literal["cells", "contacts"]) -> tuple[Column, ...]:
        """Return the columns that came with the cells or contacts of a table import."""
        return self._store.columns(of)

    def samples(self) -> pa.Table:
        """Return the samples, with their sources and how they were made."""
        return self.query("samples")

    def graph(self, sample: str | None = None) -> CellGraph:
        """Read back the graph of one sample.

        Parameters
        ----------
        sample : str, optional
            Its name; not needed if there is only one sample.

        Raises
        ------
        NotFoundError
            If there is no such sample.
        ParameterError
            If there are several and none is named.
        """
        from cellgraph.analyze.readback import read_graph

        if sample is not None:
            check(sample, "str", of="sample")
        names = require_samples(self._store, sample)
        if sample is None and len(names) > 1:
            listed = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
            raise ParameterError(f"a graph needs one sample, but there are {len(names)}: {listed}; name one.")
        return read_graph(self.query, sample or names[0])

    def enrichment(
        self,
        by: str,
        *,
        sample: str | None = None,
        pool: bool = False,
        null: Null = "labels",
        count: Weight = "contacts",
        convention: Convention = "classic",
        patch_size: float | None = None,
        permutations: int = 1000,
        seed: int = 0,
        **conditions: Unpack[ConditionOptions],
    ) -> pa.Table:
        """Test which types of cells touch each other more or less often than expected by chance.

        Parameters
        ----------
        by : str
            Column of cells that holds their types.
        sample : str, optional
            Name of one sample; None is all, each on its own.
        pool : bool
            Sum over the samples; permutations stay within each sample.
        null : {'labels', 'degree'}
            The null model.  ``labels`` permutes the types among the cells of a sample; ``degree`` rewires its contacts,
            so that each cell keeps its type and its number of contacts.
        count : {'contacts', 'junctions', 'area'}
            The quantity summed over the neighbours of a cell.
        convention : {'classic', 'histocat', 'patch'}
            ``classic`` is that sum per cell of the first type, ``histocat`` the sum per cell of it that has any, and
            ``patch`` the share of its cells whose sum is at least `patch_size`.
        patch_size : float, optional
            Threshold of ``patch``, in the quantity of `count`.
        permutations : int
        seed : int
            The same seed gives the same permutations.
        **conditions
            `min_junctions`, `min_area`, `min_fraction`, `where`, `inside`: cells and contacts that do not meet them are
            left out.

        Returns
        -------
        pyarrow.Table
            One row for each sample and ordered pair of its types: sample, type_a, type_b, cells (of type_a), count,
            value (by the convention), expected and sd (of the permutations), z, p_gt, p_lt, p (two-sided) and fdr
            (adjusted over the rows of the sample).

        Raises
        ------
        ParameterError
            For an unknown column, a column with fewer than two types or too many, and invalid arguments.
        InputError
            If junctions or area are requested, but contacts have none.
        """
        from cellgraph.statistics.asking import comparison_of
        from cellgraph.statistics.enrichment import enrichment

        asked = comparison_of(by, null, count, convention, patch_size, permutations, seed)
        among = self._checked_sample(sample), _true_or_false(pool=pool), _unbuffered(conditions)
        return _noted(enrichment(self._store, asked, *among))

    def autocorrelation(
        self,
        columns: str | Sequence[str],
        *,
        sample: str | None = None,
        method: Correlated = "moran",
        weight: Weight = "contacts",
        row_standardized: bool = True,
        permutations: int = 1000,
        seed: int = 0,
        **conditions: Unpack[ConditionOptions],
    ) -> pa.Table:
        """Test whether cells that touch have similar values: Moran's I (Moran 1950) or Geary's C (Geary 1954).

        Parameters
        ----------
        columns : str or sequence of str
            Numeric or boolean columns of cells.
        sample : str, optional
            Name of one sample; None is all, each on its own.
        method : {'moran', 'geary'}
        weight : {'contacts', 'junctions', 'area'}
            Weight of a pair of cells that touch: 1, their junctions, or their area.
        row_standardized : bool
            Divide the weights of each cell by their sum.
        permutations : int
            Number of permutations of the values among the cells of a sample.
        seed : int
            The same seed gives the same permutations.
        **conditions
            `min_junctions`, `min_area`, `min_fraction`, `where`, `inside`: cells and contacts that do not meet them are
            left out.

        Returns
        -------
        pyarrow.Table
            One row for each sample and column: sample, column, method, cells, value, expected and sd (of the
            permutations), z, p_gt, p_lt, p (two-sided) and fdr (adjusted over the columns of the sample).

        Raises
        ------
        ParameterError
            For an unknown or text column, a column that is constant or empty in every sample, and invalid arguments.
        InputError
            If junctions or area are requested, but contacts have none.
        """
        from cellgraph.statistics.asking import correlation_of
        from cellgraph.statistics.autocorrelation import autocorrelation

        asked = correlation_of(columns, method, weight, row_standardized, permutations, seed)
        return _noted(autocorrelation(self._store, asked, self._checked_sample(sample), _unbuffered(conditions)))

    def niches(
        self,
        by: str,
        *,
        k: int = 1,
        niches: int = 5,
        sample: str | None = None,
        pool: bool = False,
        summary: bool = False,
        seed: int = 0,
        **conditions: Unpack[ConditionOptions],
    ) -> pa.Table:
        """Group cells by the types around them: k-means of the shares of types within k contacts.

        Parameters
        ----------
        by : str
            Column of cells that holds their types.
        k : int
            Number of contacts around a cell; the cell itself is not counted.
        niches : int
            Number of groups.
        sample : str, optional
            Name of one sample; None is all, each with niches of its own.
        pool : bool
            Group the cells of all samples together, so that niches are comparable.
        summary : bool
            Return one row per niche instead of one per cell.
        seed : int
            The same seed gives the same groups.
        **conditions
            `min_junctions`, `min_area`, `min_fraction`, `where`, `inside`: cells and contacts that do not meet them are
            left out.

        Returns
        -------
        pyarrow.Table
            sample, cell, niche (1 has the most cells; null if no cell with a type is around), around (cells of any
            type within k contacts), and the share of each type among them. A summary has sample (unless pooled),
            niche, cells, and mean shares.

        Raises
        ------
        ParameterError
            For an unknown column, a column with fewer than two types or too many, more niches than distinct
            neighbourhoods, and invalid arguments.
        MissingExtraError
            If scikit-learn is not installed.
        """
        from cellgraph.statistics.asking import clustering_of
        from cellgraph.statistics.niches import niches as found

        asked = clustering_of(by, k, niches, seed)
        flags = _true_or_false(pool=pool), _true_or_false(summary=summary)
        return _noted(found(self._store, asked, self._checked_sample(sample), *flags, _unbuffered(conditions)))

    def _checked_sample(self, sample: str | None) -> str | None:
        return None if sample is None else str(check(sample, "str", of="sample"))

    @property
    def cells(self) -> Selection:
        """All cells, for early estimates: ``db.cells.mean("volume").within_time(5)``."""
        from cellgraph.estimation.selection import Selection

        return Selection(self._store, "cells")

    @property
    def contacts(self) -> Selection:
        """All contacts, for early estimates: ``db.contacts.mean("area").within_ci(0.95, error=0.01)``."""
        from cellgraph.estimation.selection import Selection

        return Selection(self._store, "contacts")

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _noted(found: tuple[pa.Table, list[str]]) -> pa.Table:
    """Return rows with their notes attached."""
    rows, notes = found
    return with_note(rows, "\n".join(notes))


def _unbuffered(conditions: ConditionOptions) -> ConditionOptions:
    if conditions.get("buffer") is not None:
        raise ParameterError(
            "buffer leaves out rows about single cells, but these rows are about many cells; use inside or where."
        )
    return conditions


def _true_or_false(**flag: bool) -> bool:
    ((name, value),) = flag.items()
    return bool(check(value, "bool", of=name))


def _unfinished(samples: int) -> str:
    """Return a note on incomplete samples that a statement may count."""
    there = "a sample that is" if samples == 1 else f"{samples:,} samples that are"
    return (
        f"note: the database holds {there} being loaded, or left over from an interrupted load; only Cypher that "
        "starts from (:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) leaves them out; the next load removes "
        "leftovers"
    )
