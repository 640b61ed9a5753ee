from __future__ import annotations

import numpy as np
import pytest

from cellgraph.voxels.room import TooManyCellsError, require_room, require_room_for_block


def test_what_memory_holds_is_fine() -> None:
    require_room(10, 1000, np.array([1, 2, 3]))
    require_room_for_block(np.array([1, 1, 2], np.int32), 3)


def test_cells_of_a_few_voxels_are_probably_no_labels() -> None:
    with pytest.raises(TooManyCellsError, match=r"10 so far.*most of them have 1 to 3 voxels.*not a label image"):
        require_room(10, 2**60, np.array([1, 2, 3, 50]))


def test_large_cells_need_more_memory() -> None:
    with pytest.raises(TooManyCellsError, match="use a machine or container with more memory"):
        require_room(10, 2**60, np.array([100, 2, 300, 50]))


def test_a_block_is_refused_before_its_cells_are_measured() -> None:
    with pytest.raises(TooManyCellsError, match="not a label image"):
        require_room_for_block(np.arange(1000, dtype=np.int32), 10**12)
