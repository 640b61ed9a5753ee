"""Export samples of a database as files for other programs."""

from cellgraph.exporting.export import FORMATS, Export, Exported, Format, export

__all__ = ["FORMATS", "Export", "Exported", "Format", "export"]
