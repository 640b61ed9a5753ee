"""Load the graph of a labelled volume into a database."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any, Unpack

from cellgraph.addresses import redacted
from cellgraph.engines import Engine, Ledger, using_engine
from cellgraph.engines.manifest import has_work
from cellgraph.errors import InputError, LabelError, VolumeReadError, only_background, printable
from cellgraph.loading.lengths import expanded
from cellgraph.loading.loaded import find_loaded
from cellgraph.loading.parameters import parse_bytes, require_calls, require_kind, require_path, resolve_number
from cellgraph.loading.provenance import new_sample
from cellgraph.loading.remarks import no_labels, remarks
from cellgraph.loading.target import names_in, refuse_taken
from cellgraph.loading.workfolder import WorkFolder, grid_of, open_ledger
from cellgraph.machine import free_memory, give_back_memory
from cellgraph.model import CellGraph, Network, Report, Sample
from cellgraph.stores import address_of, db_option, open_store
from cellgraph.volumes import stamps
from cellgraph.volumes.scan import Scan, Scannable, ScanOptions, scanned, shown_size
from cellgraph.volumes.volume import Header
from cellgraph.voxels.measures import cell_graph
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.room import TooManyCellsError

# A part of a volume up to this size is decoded however little memory is given.
_ALWAYS_BYTES = 64 << 20


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    Attributes
    ----------
    sample : Sample
        The sample, as it is in the database.
    db : str
        The database that holds it.
    cells, contacts : int
        Number of cells and of contacts.
    border_cells : int
        Number of cells on the border of the volume.
    notes : tuple of str
        Sentences for the user: what was assumed, and what looks odd.
    """

    sample: Sample
    db: str
    cells: int
    contacts: int
    border_cells: int
    notes: tuple[str, ...]

    @property
    def read(self) -> str:
        """How the volume was read, and where each setting comes from."""
        return f"read: {self.sample.reading}" if self.sample.reading else ""

    def summary(self) -> str:
        """Return the report in plain words, one fact per line."""
        sample = self.sample
        size = " x ".join(f"{n:,}" for n in sample.shape)
        what, order = ("voxel", "z, y, x") if len(sample.shape) == 3 else ("pixel", "y, x")
        mean = 2 * self.contacts / self.cells
        cells, contacts, border = _many(self.cells, "cell"), _many(self.contacts, "contact"), self.border_cells
        lines = [
            f"{printable(sample.name)}: {cells} and {contacts} in {size} {what}s ({order})",
            f"a cell touches {mean:.1f} others on average; {border:,} of the cells lie on the border of the image",
            f"size of a {what} ({order}): {shown_size(sample.spacing, sample.unit)}",
            *([self.read] if self.read else []),
            *(f"note: {note}" for note in self.notes),
            f"in {self.db} as sample {sample.name!r}; "
            f"next, for example: cellgraph query khop --k 2{db_option(self.db)}",
        ]
        return "\n".join(lines)


class LoadOptions(ScanOptions, total=False):
    """Keyword arguments of a load: those of `ScanOptions`, and those of the load itself.

    Attributes
    ----------
    expand : float or str
        Grow cells into the background by at most this length before counting contacts: a number in the unit of the
        sample, or text such as ``3um``.  All measures of cells remain those of the original cells.
    sites : bool
        Count the sites of contacts, which about doubles the time of the sweep; otherwise the column is omitted.
    any_labels : bool
        Also load what looks like an unsegmented image: more than 1,000 labels, most of them with few voxels.
    replace : bool
        Replace an existing sample of that name; readers see the old one until the new one is complete.
    resume : bool
        Insist on resuming an earlier load: it is an error if that load was of another volume or had other options.  If
        it was completed, nothing is done.  Without `resume`, unfinished work with other options is discarded, with a
        note; unfinished work of another volume is never touched.
    work : path
        Work folder, used for nothing else; by default beside the database.
    memory : int or str
        Memory for blocks, in bytes or as text such as ``512MB``; on a cluster, in each worker.  By default a quarter of
        the free memory here.
    save_every : float
        Seconds between saves of finished work to the work folder; 2 by default.
    report : callable
        Called to report progress: the kind of work, how much is done, and the total.
    """

    expand: float | str | None
    sites: bool
    any_labels: bool
    replace: bool
    resume: bool
    work: str | os.PathLike[str] | None
    memory: int | str | None
    save_every: float
    report: Report | None


def divided(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split options into those for reading a volume and those for loading it."""
    own = LoadOptions.__annotations__.keys() - ScanOptions.__annotations__.keys()
    scan = {name: value for name, value in options.items() if name not in own}
    return scan, {name: value for name, value in options.items() if name in own}


def load(
    source: Scannable,
    db: str | os.PathLike[str] | None = None,
    *,
    sample: str | None = None,
    workers: int | None = None,
    engine: Engine | str = "threads",
    **options: Unpack[LoadOptions],
) -> LoadReport:
    """Load the graph of a labelled volume into a database.

    The volume is read once, block by block.  Tallies of finished blocks are kept in a work folder until the graph is in
    the database, so that a load can be resumed however it was interrupted.

    Parameters
    ----------
    source : str, path, numpy.ndarray or Scan
        A volume in any format that `open_volume` knows, an array of shape (z, y, x) or (y, x), or a scan from
        `open_scan`, which stays open.
    db : str or path, optional
        A file for the embedded database, a ``bolt://`` or ``neo4j://`` URL, or ``neo4j`` for the local server; by
        default ``$CELLGRAPH_DB`` or ``cellgraph.db``.
    sample : str, optional
        Name of the sample; by default the name of the file.
    workers : int, optional
        Number of threads or processes, if the engine is given by name; by default one per core.
    engine : {'threads', 'dask', 'spark'} or Engine
        What sweeps the blocks: a name, for an engine on this machine, or one from `open_engine`, which stays open.
    **options
        How the volume is read: `dataset`, `axes`, `time`, `channel`, `slices`, `background`, `connectivity`,
        `spacing` and `unit`, see `ScanOptions`; and how it is loaded: `expand`, `sites`, `any_labels`, `replace`,
        `resume`, `work`, `memory`, `save_every` and `report`, see `LoadOptions`.

    Raises
    ------
    CellgraphError
        Of a kind described in `cellgraph.errors`; the database is unchanged.
    """
    reading, own = divided(options)
    with using_engine(engine, workers) as sweeper, ExitStack() as stack:
        with scanned(source, sample, **reading) as scan:
            found = tallied(stack, scan, db, sweeper, **own)
        if isinstance(found, LoadReport):
            return found
        network = found.take()
        give_back_memory()
        with open_store(address_of(db), create=True) as store:
            store.write(network, replace=own.get("replace", False), report=own.get("report"))
        found.ledger.remove()
        return found.done


@dataclass
class Tallied:
    """A volume that has been read, whose tally is safe in its work folder until its graph is in the database.

    Attributes
    ----------
    done : LoadReport
        The report to give once the graph is in the database.
    ledger : Ledger
        Its work folder.
    rules : Rules
        How it was swept.
    bytes : int
        Size of the graph in memory.
    """

    done: LoadReport
    ledger: Ledger
    rules: Rules
    bytes: int
    network: Network | None

    def take(self) -> Network:
        """Return the graph and release it; read it from the work folder if it was released before."""
        network, self.network = self.network, None
        if network is not None:
            return network
        kept = Ledger.resume(self.ledger.folder, self.ledger.identity, self.ledger.stamps)  # type: ignore[arg-type]
        if kept.redone:
            raise VolumeReadError(
                f"the work folder {self.ledger.folder} was damaged after {self.done.sample.source} had been read; "
                "load it again with --resume"
            )
        return cell_graph(kept.take(), self.done.sample, self.rules).network()


def tallied(
    stack: ExitStack,
    scan: Scan,
    db: str | os.PathLike[str] | None,
    engine: Engine,
    *,
    expand: float | str | None = None,
    sites: bool = True,
    any_labels: bool = False,
    replace: bool = False,
    resume: bool = False,
    work: str | os.PathLike[str] | None = None,
    memory: int | str | None = None,
    save_every: float = 2.0,
    report: Report | None = None,
    there: Collection[str] | None = None,
) -> Tallied | LoadReport:
    """Read a volume as `load` does, without writing it; or, with `resume`, return the report of an earlier load.

    Its work folder stays locked until `stack` is closed.  `there` holds the names of the samples in the database, if
    the caller knows them.
    """
    require_kind("bool", sites=sites, any_labels=any_labels, replace=replace, resume=resume)
    require_path(work=work)
    require_calls(report=report)
    save_every = resolve_number("save_every", save_every, or_equal=True)
    scan = changed(scan, rules=changed(scan.rules, sites=sites))
    if expand is not None:
        scan = expanded(scan, expand)
    header, target = scan.header, address_of(db)
    provenance = new_sample(scan)
    name = provenance.name
    folder = WorkFolder.of(work, target, name)
    if resume and not replace and scan.source and (there is None or name in there):
        done = _loaded_already(target, provenance, folder)
        if done is not None:
            return done
    refuse_taken(target, name, names_in(target) if there is None else there, replace)
    notes = list(header.notes)
    size = parse_bytes(memory) if memory is not None else free_memory() // 4
    _require_memory(header, size, memory is not None)
    size = size if engine.local else size * engine.workers
    ledger = stack.enter_context(open_ledger(folder, scan, size, engine.workers, resume=resume, notes=notes))
    ledger.save_seconds = save_every
    graph = _sweep(scan, provenance, engine, ledger, report)
    if not any_labels and (refusal := no_labels(graph)):
        ledger.remove()
        raise LabelError(f"{header.source}: {refusal}")
    notes += remarks(graph, scan)
    network = graph.network()
    del graph  # its columns that are not in the network are large
    cells, contacts = network.cells, network.contacts
    border = int(cells["on_border"].to_numpy(zero_copy_only=False).sum())
    done = LoadReport(provenance, redacted(target), cells.num_rows, contacts.num_rows, border, tuple(notes))
    return Tallied(done, ledger, scan.rules, cells.nbytes + contacts.nbytes, network)


def _loaded_already(target: str, sample: Sample, folder: WorkFolder) -> LoadReport | None:
    """Return the report of an earlier, completed load; None if there was none of this volume."""
    found = find_loaded(target, sample)
    if found is None:
        return None
    notes = [f"it was already loaded ({found.created}), so there was nothing to resume"]
    if has_work(folder.path):
        notes.append(f"there is also unfinished work in {folder.path}; add --replace to resume it")
    then = changed(sample, created=found.created, version=found.version, reading=found.read)
    return LoadReport(then, redacted(target), found.cells, found.contacts, found.border_cells, tuple(notes))


def _sweep(scan: Scan, sample: Sample, engine: Engine, ledger: Ledger, report: Report | None) -> CellGraph:
    """Sweep the blocks that are not in the ledger; keep finished work, however the sweep ends."""
    header = scan.header
    blocks = grid_of(ledger.identity)
    voxels = header.shape[0] * header.shape[1] * header.shape[2]
    todo = [block for block in blocks if block.index not in ledger.done]
    seen = voxels - sum(_size(block.shape) for block in todo)
    try:
        with closing(engine.tallies(scan, todo)) as tallies:
            for done, tally in tallies:
                ledger.add([block.index for block in done], tally)
                seen += sum(_size(block.shape) for block in done)
                if report:
                    report("blocks", len(ledger.done), len(blocks))
                    report("voxels", seen, voxels)
    except TooManyCellsError:  # keeping the last blocks would take memory too
        raise
    except BaseException:
        ledger.flush()
        raise
    if (scan.volume.fingerprint(), stamps(scan.volume, blocks, scan.rules.margin)) != (
        ledger.identity["fingerprint"],
        ledger.stamps,
    ):
        ledger.remove()
        raise VolumeReadError(
            f"{header.source} changed while it was being read, so its parts do not belong together; "
            "nothing was loaded: load it again when it is complete"
        )
    ledger.flush()
    graph = cell_graph(ledger.take(), sample, scan.rules)
    if not graph.cells.num_rows:
        ledger.remove()
        raise InputError(f"{header.source} holds no cells: {only_background(sample.background)}")
    return graph


def _require_memory(header: Header, memory: int, given: bool) -> None:
    """Make sure that what the storage decodes at once fits in memory, together with the block it becomes part of."""
    least = 2 * header.chunks[0] * header.chunks[1] * header.chunks[2] * header.dtype.itemsize
    room = memory if given else free_memory()
    if not header.resident and least > max(room, _ALWAYS_BYTES):
        parts = " x ".join(f"{n:,}" for n in header.chunks)
        whose = "are allowed; raise --memory" if given else "are free; free some memory"
        raise InputError(
            f"{header.source}: its voxels are decoded in parts of {parts}, which takes {least / 1e9:.2g} GB of memory, "
            f"but only {room / 1e9:.2g} GB {whose}, or export it in smaller tiles, chunks or slices"
        )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _size(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]
