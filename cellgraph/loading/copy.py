"""Copy samples from some databases into another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from cellgraph.errors import ExistsError, NotFoundError, ParameterError, StoreError, near
from cellgraph.loading.stored import Stored, stored_samples
from cellgraph.model import Network, Report
from cellgraph.stores import Store, address_of, open_store


@dataclass(frozen=True)
class CopyReport:
    """What was copied.

    Attributes
    ----------
    samples : tuple of str
        Names.
    cells, contacts : int
        Number copied.
    notes : tuple of str
        Sentences for the user.
    """

    samples: tuple[str, ...]
    cells: int
    contacts: int
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return what was copied, in sentences."""
        what = f"the sample {self.samples[0]!r}" if len(self.samples) == 1 else f"{len(self.samples):,} samples"
        return "\n".join((*self.notes, f"copied {what} with {self.cells:,} cells and {self.contacts:,} contacts"))


def copy(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    samples: str | Sequence[str] | None = None,
    replace: bool = False,
    report: Report | None = None,
) -> CopyReport:
    """Copy samples from some databases into another, in one write: all become visible at once, or none.

    Every property of samples, cells and contacts keeps its value and type; only the internal ids and the time of
    loading are new.  Contacts between two samples are copied if both samples are.

    Parameters
    ----------
    sources : str, path or sequence of these
        Databases, as for `load`; they are not changed.
    target : str or path
        The database to write into; a file is made if it does not exist.
    samples : str or sequence of str, optional
        Names of the samples; by default all.
    replace : bool
        Replace samples of these names in the target; if two sources share a name, use the last one.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total.

    Raises
    ------
    ParameterError
        If there are no sources, or the target is one of them.
    NotFoundError
        If a source or a sample does not exist.
    ExistsError
        If a sample is already in the target, or is in two sources, and `replace` is false; then nothing is written.
    """
    addresses = [address_of(source) for source in _listed(sources)]
    goal = address_of(target)
    if not addresses:
        raise ParameterError("expected at least one database to copy from, got none")
    for address in addresses:
        if _place(address) == _place(goal):
            raise ParameterError(f"the database {address!r} cannot be copied into itself; name another one as TARGET")
    with ExitStack() as opened:
        stores = [opened.enter_context(open_store(address, read_only=True)) for address in addresses]
        store = opened.enter_context(open_store(goal, create=True))
        chosen = _choose(stores, addresses, None if samples is None else _listed(samples), replace)
        names = [name for found in chosen for name in found.names]
        if not replace and (there := sorted(set(names) & set(store.sample_names()))):
            raise ExistsError(f"the sample {there[0]!r} is already in the target; replace it with --replace")
        if not names:
            raise NotFoundError("there are no samples to copy; load one with: cellgraph load IMAGE")
        copied = _Copied()
        store.write_all(names, _networks(chosen, copied, report), replace=replace)
    return CopyReport(tuple(names), copied.cells, copied.contacts, tuple(copied.notes()))


@dataclass
class _Copied:
    cells: int = 0
    contacts: int = 0
    left_out: int = 0
    near: bool = False

    def notes(self) -> list[str]:
        notes = []
        if self.left_out:
            notes.append(f"{self.left_out:,} contacts were left out because they end in samples that were not copied")
        if self.near:
            notes.append("NEAR relationships are not copied; compute them again with: cellgraph near --within D")
        return notes


def _networks(chosen: Sequence[Stored], copied: _Copied, report: Report | None) -> Iterator[Network]:
    """Yield everything to copy, holding only some samples in memory at a time."""
    total = sum(len(found.names) for found in chosen)
    done = 0
    for found in chosen:
        copied.near |= any(entry.has_near for entry in found.entries)
        for network, left_out in found.networks():
            copied.cells += network.cells.num_rows
            copied.contacts += network.contacts.num_rows
            copied.left_out += left_out
            yield network
            done += len(network.samples)
            if report is not None:
                report("samples", done, total)
        if found.has_changed():
            raise StoreError("samples of a source changed while they were being copied; nothing was copied: copy again")


def _choose(stores: Sequence[Store], addresses: Sequence[str], wanted: list[str] | None, replace: bool) -> list[Stored]:
    """Return what to copy from each source, with each name once."""
    held = [store.sample_names() for store in stores]
    every = {name for names in held for name in names}
    for name in wanted or ():
        if name not in every:
            raise NotFoundError(f"there is no sample {name!r} in the sources.{near(name, every)}")
    of: dict[str, int] = {}
    for number, names in enumerate(held):
        for name in names if wanted is None else [name for name in names if name in wanted]:
            if name in of and not replace:
                raise ExistsError(
                    f"the sample {name!r} is in two of the sources; take the one from the last source with --replace, "
                    "or copy one source at a time"
                )
            of[name] = number
    return [
        stored_samples(store, [name for name, owner in of.items() if owner == number])
        for number, store in enumerate(stores)
    ]


def _listed(given: object) -> list[str]:
    if isinstance(given, str | os.PathLike):
        return [given]  # type: ignore[list-item]
    return list(dict.fromkeys(given))  # type: ignore[call-overload]


def _place(address: str) -> str:
    """Return a canonical address, equal for two names of one database."""
    return address.rstrip("/") if "://" in address or address == "neo4j" else os.path.realpath(address)
