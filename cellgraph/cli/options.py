"""Options that several commands share, and parsing of their values."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, TypeVar

import typer

from cellgraph.errors import ParameterError

Number = TypeVar("Number", int, float)

OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace the file.")]
DbOption = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="DB",
        help="A database file; bolt:// or neo4j:// URL; or neo4j for the local one "
        "(cellgraph neo4j start). By default $CELLGRAPH_DB or cellgraph.db.",
        show_default=False,
    ),
]

SampleOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="The sample; may be left out if there is only one.")
]
SourceOption = Annotated[
    str | None, typer.Option(metavar="VOLUME", help="Its volume; by default the one that it was loaded from.")
]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Threads; by default one per core.")]


def numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """Parse numbers separated by commas.

    Raises
    ------
    ParameterError
        If one is not a number.
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        wanted = "whole numbers" if kind is int else "numbers"
        raise ParameterError(f"{option} needs comma-separated {wanted}, such as 4,5,6, but got {text!r}") from None


def read_background(text: str) -> int | None:
    """Parse the value of ``--background``: a label, or none."""
    if text.lower() == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise ParameterError(f"expected --background to be a label (a whole number) or none, got {text!r}") from None


# Options on how to read a volume, by argument of the library.
_SCAN: dict[str, tuple[Any, Any]] = {
    "dataset": (
        Annotated[str | None, typer.Option(metavar="NAME", help="Which array to read from a file with several.")],
        None,
    ),
    "axes": (
        Annotated[
            str | None,
            typer.Option(
                metavar="ORDER",
                help="The axes as they are stored, slowest first, such as zyx or tzyx; t time, c channel.",
            ),
        ],
        None,
    ),
    "time": (Annotated[str | None, typer.Option(metavar="N", help="Which frame, counted from 0.")], None),
    "channel": (Annotated[int | None, typer.Option(metavar="N", help="Which channel, counted from 0.")], None),
    "slices": (
        Annotated[bool, typer.Option("--slices", help="Read the images of a folder as slices, whatever their names.")],
        False,
    ),
    "rgb": (Annotated[bool, typer.Option("--rgb", help="Read each colour of a colour image as one label.")], False),
    "background": (
        Annotated[
            str | None,
            typer.Option(metavar="N|none", help="Label of the background, by default 0; none: every label is a cell."),
        ],
        None,
    ),
    "connectivity": (
        Annotated[
            int | None,
            typer.Option(
                metavar="6|18|26",
                help="Voxels are neighbours if they share a face (6, the default), an edge (18) or a corner (26); 2D: "
                "4 or 8.",
            ),
        ],
        None,
    ),
    "spacing": (
        Annotated[str | None, typer.Option(metavar="Z,Y,X", help="Size of a voxel; by default as stored in the file.")],
        None,
    ),
    "unit": (Annotated[str | None, typer.Option(help="Unit of the spacing, as micrometer or um.")], None),
}


_EACH = Annotated[
    str | None, typer.Option(metavar="N|each", help="Which frame, counted from 0; each: load every frame as a sample.")
]

DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Print how the volume would be read, and what else could be chosen, then exit."),
]


_VOXELS = {"background", "connectivity", "spacing", "unit"}


def scan_options(
    command: Callable[..., None], *, each: bool = False, slices: bool = True, voxels: bool = True
) -> Callable[..., None]:
    """Give a command the options on how to read a volume; it gets them as one dictionary, ``scan``.

    Its keys are those of `ScanOptions`; options that were not given are left out.

    Parameters
    ----------
    command : callable
        With an argument ``scan``.
    each : bool
        Whether ``--time each`` is possible.
    slices : bool
        Whether to include ``--slices``.
    voxels : bool
        Whether to include the options on voxels: background, connectivity, spacing, unit.
    """
    own = signature(command, eval_str=True)
    left_out = (set() if slices else {"slices"}) | (set() if voxels else _VOXELS)
    wanted = {name: option for name, option in _SCAN.items() if name not in left_out}
    if each:
        wanted["time"] = (_EACH, None)
    shared = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in wanted.items()
    ]
    kept = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own.parameters.values() if p.name != "scan"]

    @wraps(command)
    def run(**given: Any) -> None:
        scan = {name: given.pop(name) for name in wanted}
        command(scan=_read_scan(scan, each), **given)

    del run.__wrapped__  # typer would look there for the options
    run.__signature__ = own.replace(parameters=[*kept, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*kept, *shared)}
    return run


def _read_scan(scan: dict[str, Any], each: bool) -> dict[str, Any]:
    """Parse the values of the options; options that were not given are left out."""
    read = {name: value for name, value in scan.items() if value is not None and value is not False}
    if "background" in read:
        read["background"] = read_background(read["background"])
    if "spacing" in read:
        read["spacing"] = numbers("--spacing", read["spacing"], float)
    if "time" in read and not (each and read["time"] == "each"):
        try:
            read["time"] = int(read["time"])
        except ValueError:
            wanted = "the number of a frame, or each" if each else "the number of one frame"
            raise ParameterError(f"expected --time to be {wanted}, got {scan['time']!r}") from None
    return read
