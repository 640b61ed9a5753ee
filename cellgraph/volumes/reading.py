"""How a volume is read: what the user asked for, and where each setting came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """The user's options for reading a volume; anything left out is taken from the file, or assumed.

    Attributes
    ----------
    axes : str or None
        One letter per axis of the stored array, such as ``tzyx``; axes of length 1 may be omitted.
    time : int or None
        Which frame, counted from 0, if there is a time axis.
    channel : int or None
        Which channel, counted from 0.
    slices : bool
        Whether the images of a folder are slices, whatever their names.
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
    """One setting of how a volume is read.

    Attributes
    ----------
    what : str
        ``dataset``, ``axes``, ``time``, ``channel``, ``slices``, ``voxel``, ``background``, …
    value : str
        The value used.
    origin : str
        ``file``, ``user`` or ``assumed``.
    why : str
        What in the file gives it.
    others : tuple of str
        Alternatives that could have been chosen.
    """

    what: str
    value: str
    origin: str
    why: str = ""
    others: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the setting as readable text."""
        return f"{self.what} {self.value} ({self.why or {'user': 'as you said'}.get(self.origin, self.origin)})"
