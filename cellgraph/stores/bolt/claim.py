"""The life cycle of a sample in Neo4j: claimed (``loading``), finished (``complete``), given up (``retired``).

No Neo4j transaction is large enough for a sample, so a sample is written in many, and a final transaction sets its
``status`` to complete and that of the sample it replaces to retired: queries look only at complete ones.  Cell ids are
assigned here: a sample owns ``cells`` ids, starting at ``first_id``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import ExistsError, StoreError
from cellgraph.stores.bolt import owner
from cellgraph.stores.bolt.foreign import SAMPLE
from cellgraph.stores.tables import Tables, refuse_existing

if TYPE_CHECKING:
    import neo4j

    from cellgraph.stores.bolt.connection import Connection

_ATTEMPTS = 50
_SECONDS_TO_TAKE = 10.0
_SIGNS = "s.load AS load, coalesce((timestamp() - s.beat) / 1000.0, 0.0) AS silent"


@dataclass(frozen=True)
class Claim:
    """Samples that belong to one load.

    Attributes
    ----------
    load : str
        Name of the load.
    samples : tuple of int
        Ids of the sample nodes.
    first_cell : int
        Id of the first cell; the others follow in network order.
    """

    load: str
    samples: tuple[int, ...]
    first_cell: int


@dataclass(frozen=True)
class Remains:
    """A sample that is no longer visible to queries, or will never be finished."""

    sample: int
    first_cell: int
    cells: int


def claim(connection: Connection, tables: Tables, load: str, *, replace: bool) -> Claim:
    """Create the samples, not yet visible, with unique ids.

    Raises
    ------
    ExistsError
        If a sample of one of these names exists and `replace` is false, or is being loaded by someone else.
    """
    from neo4j.exceptions import ConstraintError

    for _ in range(_ATTEMPTS):
        try:
            return connection.transact(lambda transaction: _claim(transaction, connection.uri, tables, load, replace))
        except ConstraintError:
            continue  # another load took the same ids a moment earlier, which the unique sample ids reveal
    raise StoreError(f"too many loads are starting at the same time in {connection.uri}; load again.")


def _claim(transaction: neo4j.Transaction, uri: str, tables: Tables, load: str, replace: bool) -> Claim:
    # The ids are read first: a load that reads them before another commits collides with it; one that reads them after
    # sees its samples in the check of names.
    row = transaction.run(
        f"MATCH (s:Sample) WHERE {SAMPLE} "
        "RETURN coalesce(max(s.id), -1) + 1 AS sample, coalesce(max(s.first_id + s.cells), 0) AS cell"
    ).single(strict=True)
    _refuse_taken(transaction, uri, tables.names, replace)
    first_sample, first_cell = int(row["sample"]), int(row["cell"])
    samples = [
        {**sample, "id": first_sample + number, "first_id": first_cell + sample["first_id"]}
        for number, sample in enumerate(tables.samples)
    ]
    transaction.run(
        "UNWIND $samples AS sample CREATE (s:Sample) "
        "SET s = sample, s.status = 'loading', s.load = $load, s.beat = timestamp()",
        samples=samples,
        load=load,
    ).consume()
    return Claim(load, tuple(sample["id"] for sample in samples), first_cell)


def _refuse_taken(transaction: neo4j.Transaction, uri: str, names: Sequence[str], replace: bool) -> None:
    taken = transaction.run(
        f"MATCH (s:Sample) WHERE s.name IN $names AND s.status IN ['complete', 'loading'] AND {SAMPLE} "
        f"RETURN s.name AS name, s.status AS status, {_SIGNS}",
        names=list(names),
    ).data()
    if not replace:
        refuse_existing(names, (row["name"] for row in taken if row["status"] == "complete"), uri)
    for row in taken:
        if row["status"] == "loading" and owner.is_alive(row["load"], row["silent"]):
            raise ExistsError(
                f"the sample {row['name']!r} is being loaded into {uri} right now by "
                f"{owner.shown(row['load'])}; wait for it, or load again {owner.SILENCE:g} seconds after it died."
            )


def require_free(connection: Connection, names: Sequence[str], *, replace: bool) -> None:
    """Raise `ExistsError`, as `claim` does, before anything is written."""
    connection.transact(lambda transaction: _refuse_taken(transaction, connection.uri, names, replace))


def beat(connection: Connection, load: str) -> None:
    """Send a sign of life (heartbeat)."""
    connection.write("MATCH (s:Sample) WHERE s.load = $load SET s.beat = timestamp()", load=load)


def finish(connection: Connection, names: Sequence[str], claims: Sequence[Claim], load: str, *, replace: bool) -> None:
    """Make the samples of all claims visible, and those they replace invisible, at once."""
    samples = [sample for claimed in claims for sample in claimed.samples]

    def work(transaction: neo4j.Transaction) -> None:
        ours = transaction.run(
            "MATCH (s:Sample) WHERE s.id IN $samples AND s.load = $load AND s.status = 'loading' "
            "SET s.status = 'complete', s.loaded = timestamp() REMOVE s.load, s.beat RETURN count(s) AS n",
            samples=samples,
            load=load,
        ).single(strict=True)
        if ours["n"] != len(samples):
            raise lost(connection.uri)
        others = transaction.run(
            f"MATCH (s:Sample {{status: 'complete'}}) WHERE s.name IN $names AND NOT s.id IN $samples AND {SAMPLE} "
            "SET s.status = 'retired', s.load = $load, s.beat = timestamp() RETURN s.name AS name",
            names=list(names),
            samples=samples,
            load=load,
        ).value("name")
        if not replace:
            refuse_existing(names, others, connection.uri)

    connection.transact(work)


def abandon(connection: Connection, load: str) -> None:
    """Abandon what a load has written so far; the next writer removes it."""
    connection.write(
        "MATCH (s:Sample {status: 'loading'}) WHERE s.load = $load SET s.status = 'retired' REMOVE s.load, s.beat",
        load=load,
    )


def retire(connection: Connection, samples: Sequence[str], load: str) -> str | None:
    """Make complete samples invisible, all at once; if a name is unknown, return it and change nothing."""

    def work(transaction: neo4j.Transaction) -> str | None:
        retired = transaction.run(
            f"MATCH (s:Sample {{status: 'complete'}}) WHERE s.name IN $samples AND {SAMPLE} "
            "SET s.status = 'retired', s.load = $load, s.beat = timestamp() RETURN s.name AS name",
            samples=list(samples),
            load=load,
        ).value("name")
        unknown = next((sample for sample in samples if sample not in retired), None)
        if unknown is not None:
            transaction.rollback()
        return unknown

    return connection.transact(work)


def take_remains(connection: Connection, load: str) -> list[Remains]:
    """Take over samples that are retired or belong to a dead load, so that no one else removes them too."""
    found = connection.read(
        f"MATCH (s:Sample) WHERE s.status IN ['loading', 'retired'] AND {SAMPLE} RETURN s.id, {_SIGNS}"
    )
    dead = [sample for sample, *signs in found if _is_dead(signs, load)]
    return [remains for sample in dead if (remains := _take(connection, sample, load))]


def _take(connection: Connection, sample: int, load: str) -> Remains | None:
    """Take over one sample; None if it is alive after all, or locked by a client that stalled midway."""
    from neo4j.exceptions import ClientError, TransientError

    def work(transaction: neo4j.Transaction) -> Remains | None:
        row = transaction.run(
            f"MATCH (s:Sample {{id: $sample}}) WHERE s.status IN ['loading', 'retired'] AND {SAMPLE} "
            "SET s.checked = true REMOVE s.checked "  # locks it before it is read
            f"RETURN s.first_id, s.cells, {_SIGNS}",
            sample=sample,
        ).single()
        if row is None or not _is_dead(row.values()[2:], load):
            return None
        transaction.run(
            f"MATCH (s:Sample {{id: $sample}}) WHERE {SAMPLE} "
            "SET s.status = 'retired', s.load = $load, s.beat = timestamp()",
            sample=sample,
            load=load,
        ).consume()
        return Remains(sample, row.values()[0], row.values()[1])

    try:
        return connection.transact(work, timeout=_SECONDS_TO_TAKE)
    except (ClientError, TransientError) as error:
        if "TransactionTimedOut" in str(error.code) or "LockClientStopped" in str(error.code):
            return None
        raise


def _is_dead(signs: list[Any], load: str) -> bool:
    """Whether a sample has no living owner, by the values of `_SIGNS`, or belongs to this load itself."""
    owned_by, silent = signs
    return owned_by == load or not owner.is_alive(owned_by, silent)


def lost(uri: str) -> StoreError:
    """Return the error for a load whose samples someone else has removed."""
    return StoreError(
        f"the load into {uri} was silent for too long and was presumed dead, so its samples were removed; load again."
    )
