"""Group blocks into tasks for a distributed engine."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from cellgraph.volumes import Block, Header

# Enough tasks per worker that none waits long for the last one, whatever their sizes.
_TASKS_PER_WORKER = 6
# A task of this many voxels takes about ten seconds: long compared with the overhead of a task, short to repeat.
_LARGEST_VOXELS = 1 << 29


def group_blocks(blocks: Sequence[Block], header: Header, workers: int) -> list[list[Block]]:
    """Divide blocks into one group per task: boxes of the grid of blocks, so that few halos are read from the volume.

    A block whose lower neighbour is in the same group takes its halo from it.  If the neighbour is in another group,
    the halo is read, which decodes a whole layer of the storage's chunks for one plane.  Of all ways to cut the grid
    into enough boxes, the one that decodes least is used.

    Parameters
    ----------
    blocks : sequence of Block
        In raster order; all of a grid or any part of it.
    header : Header
        Of their volume.
    workers : int
        Number of tasks that run at the same time.

    Returns
    -------
    list of list of Block
        Each in raster order, in the order of their first blocks.
    """
    if not blocks:
        return []
    voxels = sum(z * y * x for z, y, x in (block.shape for block in blocks))
    wanted = min(len(blocks), max(_TASKS_PER_WORKER * workers, ceil(voxels / _LARGEST_VOXELS)))
    places = [sorted({block.start[axis] for block in blocks}) for axis in range(3)]
    numbers = [{start: number for number, start in enumerate(starts)} for starts in places]
    counts = [len(starts) for starts in places]
    # One block and its halo decode 1 + 1 / (chunks in the block along the axis) times the block itself.
    extra = [0.0 if header.resident else chunk / n for chunk, n in zip(header.chunks, blocks[0].shape, strict=True)]
    parts = _cheapest(counts, extra, wanted)
    groups: dict[tuple[int, ...], list[Block]] = {}
    for block in blocks:
        box = tuple(numbers[a][block.start[a]] * parts[a] // counts[a] for a in range(3))
        groups.setdefault(box, []).append(block)
    return list(groups.values())


def _cheapest(counts: Sequence[int], extra: Sequence[float], wanted: int) -> tuple[int, int, int]:
    """Return the number of parts to cut each axis (z, y, x) into, for at least `wanted` boxes."""
    nz, ny, nx = counts
    candidates = []
    for pz in range(1, min(nz, wanted) + 1):
        for py in range(1, min(ny, wanted) + 1):
            px = min(nx, ceil(wanted / (pz * py)))
            if pz * py * px >= wanted:
                cost = (pz - 1) * ny * nx * extra[0] + (py - 1) * nz * nx * extra[1] + (px - 1) * nz * ny * extra[2]
                candidates.append((cost, pz * py * px, (pz, py, px)))
            if pz * py >= wanted:
                break  # more parts along y only cost more
    return min(candidates)[2]
