"""Whole commands: how long a person waits, and how much memory they take."""

from statistics import median

import tifffile
from measure import Table, Taken, command, data_dir, folder

ROUNDS = 5


def run() -> None:
    """Print the table."""
    data = data_dir()
    table = Table("Whole commands", "command", "seconds", "peak memory, MB")
    with folder() as place:
        cold = {"NUMBA_CACHE_DIR": str(place / "cache")}
        meristem = ("load", data / "meristem_100.tif", "--background", "1", "--replace")
        helped = [command("--help").seconds for _ in range(ROUNDS)]
        first = command(*meristem, cwd=place, **cold)
        warm = [command(*meristem, cwd=place, **cold) for _ in range(ROUNDS)]
        table.row("cellgraph --help", f"{median(helped):.2f}", "")
        add(table, "cellgraph load meristem_100.tif, the first ever (compiles)", [first])
        add(table, "cellgraph load meristem_100.tif, later", warm)
        source = data / "connectomics_512.ome.tif"
        loads = [command("load", source, "--replace", "-q", cwd=place) for _ in range(3)]
        with tifffile.TiffFile(source) as tiff:
            size = tiff.series[0].nbytes / 1e6
        add(table, f"cellgraph load connectomics_512.ome.tif ({size:.0f} MB of labels)", loads)


def add(table: Table, name: str, runs: list[Taken]) -> None:
    """Print the median time and the largest memory."""
    seconds, peak = median(run.seconds for run in runs), max(run.peak for run in runs)
    table.row(name, f"{seconds:.2f}", f"{peak / 1e6:.0f}")
