"""Convert rows of labels to runs: the only kernels that look at voxels, and the only ones that depend on their dtype.

Strategy
--------
1. A row is compared with itself shifted by one voxel, giving a byte per voxel (1 where a run starts); the compiler
   vectorises this loop.
2. The bytes are read eight at a time as one word; a zero word means eight voxels without a change.  In any other word,
   the lowest set bit gives the next change.
3. Signed and unsigned labels of the same width share a kernel: the wrapper views them as unsigned, and the sign is
   restored on the label of a run.

There are no bounds checks; the caller must ensure valid input.  Arrays are allocated by `find_runs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Runs:
    """All runs of a block, row by row.

    Attributes
    ----------
    ends : numpy.ndarray of int32, shape (n,)
        x index one past the last voxel of each run; a run starts where the previous one ends, or at 0.
    labels : numpy.ndarray of int64, shape (n,)
        Label of each run; uint64 labels above 2**63-1 become negative.
    rows : numpy.ndarray of int64, shape (nz * ny + 1,)
        Runs of row (z, y) are ``rows[z * ny + y] : rows[z * ny + y + 1]``.
    shape : tuple of int
        Shape of the block, (nz, ny, nx).
    """

    ends: Array
    labels: Array
    rows: Array
    shape: tuple[int, int, int]


def _count_trailing_zeros(typingctx: Any, word: Any) -> Any:
    """Count the zero bits below the lowest set bit of a word that is not zero (LLVM's ``cttz``)."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


_trailing_zeros: Any = intrinsic(_count_trailing_zeros)


@njit(nogil=True, cache=True)
def _find_runs(voxels, shape, strides, signed_shift, row, ends, labels, rows, changes):  # type: ignore[no-untyped-def]
    """Append the runs of the rows starting at `row`; stop before a row that may not fit, and return its number.

    Parameters
    ----------
    voxels : unsigned integers, contiguous
        Row (z, y) starts at ``z * strides[0] + y * strides[1]``.
    shape : (3,) int
    strides : (2,) int
    signed_shift : int
        64 minus the width of a signed label, otherwise 0.
    row : int
        First row to process.
    ends, labels, rows
        As in `Runs`, with room to spare.
    changes : uint8, shape (8 * ceil(nx / 8),), zeros
    """
    nz, ny, nx = shape
    words = changes.view(np.uint64)
    while row < nz * ny:
        count = rows[row]
        if count + nx > len(ends):
            return row
        begin = row // ny * strides[0] + row % ny * strides[1]
        line = voxels[begin : begin + nx]
        for x in range(1, nx):
            changes[x] = line[x] != line[x - 1]
        for k in range(len(words)):
            word = words[k]
            while word:
                x = 8 * k + (_trailing_zeros(word) >> 3)
                ends[count] = x
                labels[count] = np.int64(line[x - 1]) << signed_shift >> signed_shift
                count += 1
                word &= word - np.uint64(1)
        ends[count] = nx
        labels[count] = np.int64(line[nx - 1]) << signed_shift >> signed_shift
        rows[row + 1] = count + 1
        row += 1
    return row


def find_runs(block: Array) -> Runs:
    """Turn a block of labels into runs.

    Parameters
    ----------
    block : numpy.ndarray of bool, int8..int64 or uint8..uint64, shape (nz, ny, nx)
        Native byte order, not empty.  Copied if it is not contiguous along x.
    """
    nz, ny, nx = block.shape
    width = block.dtype.itemsize
    if block.strides[2] != width or min(block.strides) < 0:
        block = np.ascontiguousarray(block)
    strides = (block.strides[0] // width, block.strides[1] // width)
    # One flat read-only array for all layouts, so that numba compiles once per width, not once per layout.
    length = (nz - 1) * strides[0] + (ny - 1) * strides[1] + nx
    voxels = np.lib.stride_tricks.as_strided(block.view(f"u{width}"), (length,), (width,), writeable=False)
    signed_shift = 64 - 8 * width if block.dtype.kind == "i" else 0
    capacity = min(block.size, max(nx, block.size // 16) + nx)
    ends = np.empty(capacity, np.int32)
    labels = np.empty(capacity, np.int64)
    rows = np.zeros(nz * ny + 1, np.int64)
    changes = np.zeros(-(-nx // 8) * 8, np.uint8)
    row = 0
    while (row := _find_runs(voxels, block.shape, strides, signed_shift, row, ends, labels, rows, changes)) < nz * ny:
        capacity = min(block.size, max(2 * len(ends), int(rows[row]) + nx))
        ends, labels = (np.concatenate([a, np.empty(capacity - len(a), a.dtype)]) for a in (ends, labels))
    count = int(rows[-1])
    return Runs(ends[:count], labels[:count], rows, (nz, ny, nx))
