"""Join small networks, since a statement that adds cells takes longer the more cells there are already.

16 million cells took 33 s in statements of 1 million, and 13 s in statements of 4 million (Ladybug 0.20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cellgraph.machine import free_memory
from cellgraph.model import Network

AT_ONCE = 2**29
"""Maximum bytes of networks written in one statement; an eighth of the free memory, if that is less."""


def together(networks: Iterable[Network]) -> Iterator[Network]:
    """Yield networks, joining consecutive ones that have the same columns, up to `AT_ONCE` bytes."""
    most = min(AT_ONCE, free_memory() // 8)
    waiting: list[Network] = []
    size = 0
    for network in networks:
        if waiting and (size >= most or not _alike(waiting[0], network)):
            yield _joined(waiting)
            waiting, size = [], 0
        waiting.append(network)
        size += network.cells.nbytes + network.contacts.nbytes
    if waiting:
        yield _joined(waiting)


def _alike(one: Network, other: Network) -> bool:
    """Whether two networks have the same columns."""
    return bool(one.cells.schema.equals(other.cells.schema) and one.contacts.schema.equals(other.contacts.schema))


def _joined(networks: Sequence[Network]) -> Network:
    """Return one network made of several that have the same columns."""
    import pyarrow as pa

    if len(networks) == 1:
        return networks[0]
    contacts, first = [], 0
    for network in networks:
        table = network.contacts
        for number, end in enumerate(("a", "b")):
            table = table.set_column(number, end, pa.array(table[end].to_numpy() + first))
        contacts.append(table)
        first += network.cells.num_rows
    return Network(
        tuple(sample for network in networks for sample in network.samples),
        pa.concat_tables([network.cells for network in networks]),
        pa.concat_tables(contacts),
    )
