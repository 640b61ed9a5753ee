"""Labelled images: open any format, and read it in blocks with a halo."""

from cellgraph.volumes.blocks import Block, HaloReader, grid, plan_blocks, stamps
from cellgraph.volumes.opening import open_volume
from cellgraph.volumes.volume import Header, Index, Volume

__all__ = ["Block", "HaloReader", "Header", "Index", "Volume", "grid", "open_volume", "plan_blocks", "stamps"]
