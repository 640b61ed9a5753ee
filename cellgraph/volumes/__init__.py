"""Labelled images: opening any format, and reading it by blocks with a halo."""

from cellgraph.volumes.base import Header, Index, Volume
from cellgraph.volumes.blocks import Block, HaloReader, grid, plan_blocks, stamps
from cellgraph.volumes.opening import open_volume

__all__ = ["Block", "HaloReader", "Header", "Index", "Volume", "grid", "open_volume", "plan_blocks", "stamps"]
