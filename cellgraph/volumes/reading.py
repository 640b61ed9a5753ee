"""How a volume is read: what a person asks for, and what was taken from where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """What a person says of how to read a volume; what is left out is taken from the file, or assumed.

    Attributes
    ----------
    axes : str or None
        One letter an axis of the stored array, as ``tzyx``; axes of length 1 may be left out.
    time : int or None
        Which frame, from 0 on, where there is an axis of time.
    channel : int or None
        Which channel, from 0 on.
    slices : bool
        Whether the images of a folder are slices, whatever their names say.
    rgb : bool
        Whether each colour of a colour image is one label.
    """

    axes: str | None = None
    time: int | None = None
    channel: int | None = None
    slices: bool = False
    rgb: bool = False


PLAIN = Reading()


@dataclass(frozen=True)
class Part:
    """One part of how a volume is read.

    Attributes
    ----------
    what : str
        ``dataset``, ``axes``, ``time``, ``channel``, ``slices``, ``voxel``, ``background``, …
    value : str
        What was taken.
    origin : str
        ``file``, ``user`` or ``assumed``.
    why : str
        What in the file says so.
    others : tuple of str
        What else could have been chosen.
    """

    what: str
    value: str
    origin: str
    why: str = ""
    others: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the part as a person reads it."""
        return f"{self.what} {self.value} ({self.why or {'user': 'as you said'}.get(self.origin, self.origin)})"
