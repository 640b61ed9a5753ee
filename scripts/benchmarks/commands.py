"""Whole commands: how long a person waits, and how much memory they take."""

import shutil
from statistics import median

import tifffile
from measure import Table, command, data_dir, folder

ROUNDS = 5


def run() -> None:
    """Print the table."""
    data = data_dir()
    table = Table("Whole commands", "command", "seconds", "peak memory, MB")
    with folder() as place:
        cold = {"NUMBA_CACHE_DIR": str(place / "cache")}
        meristem = ("load", data / "meristem_100.tif", "--background", "1", "--replace")
        helped = [command("--help")[0] for _ in range(ROUNDS)]
        first, _ = command(*meristem, cwd=place, **cold)
        warm = [command(*meristem, cwd=place, **cold)[0] for _ in range(ROUNDS)]
        table.row("cellgraph --help", f"{median(helped):.2f}", "")
        table.row("cellgraph load meristem_100.tif, the first ever (compiles)", f"{first:.1f}", "")
        table.row("cellgraph load meristem_100.tif, later", f"{median(warm):.2f}", "")
        shutil.rmtree(place / "cache")
        labels = tifffile.imread(data / "connectomics_512.ome.tif")
        source = data / "connectomics_512.ome.tif"
        loads = [command("load", source, "--replace", "-q", cwd=place) for _ in range(3)]
        seconds, peak = median(s for s, _ in loads), max(m for _, m in loads)
        name = f"cellgraph load connectomics_512.ome.tif ({labels.nbytes / 1e6:.0f} MB of labels)"
        table.row(name, f"{seconds:.2f}", f"{peak / 1e6:.0f}")
