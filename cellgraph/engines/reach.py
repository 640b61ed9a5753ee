"""Find out quickly whether a scheduler answers, where its own library would try for minutes."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence

from cellgraph.errors import EngineError, ParameterError

_PAUSE_SECONDS = 0.5


def split_address(text: str, option: str, example: str) -> tuple[str, int]:
    """Return host and port of an address.

    Raises
    ------
    ParameterError
        If it is not a valid address.
    """
    match = re.fullmatch(r"(?:\w+://)?(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:/\[\]\s]+)):(?P<port>\d{1,5})/?", text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ParameterError(f"expected {option} to be an address such as {example}, got {text!r}")
    return match["six"] or match["host"], int(match["port"])


def require_reachable(
    what: str, places: Sequence[tuple[str, int]], seconds: float, advice: str, *, greets: bool = False
) -> None:
    """Return as soon as one of several places (host, port) accepts a connection.

    Parameters
    ----------
    what : str
        The server that should answer, for the message.
    places : sequence of (str, int)
        The places to try.
    seconds : float
        How long to try.
    advice : str
        What the user can do.
    greets : bool
        Whether the server is known to send first: one that does not is then not accepted.

    Raises
    ------
    EngineError
        If none does so in that time.
    """
    end = time.monotonic() + seconds
    while True:
        reasons, hopeless = [], True
        for place in places:
            try:
                with socket.create_connection(place, max(_PAUSE_SECONDS, end - time.monotonic())) as connection:
                    if not greets or connection.recv(1):
                        return
                    reasons.append("it closed the connection")
            except OSError as error:
                reasons.append(error.strerror or str(error))
                hopeless = hopeless and isinstance(error, socket.gaierror)  # there is no such host
        if hopeless or time.monotonic() + _PAUSE_SECONDS > end:
            raise EngineError(f"{what} does not answer within {seconds:g} s ({'; '.join(reasons)}); {advice}")
        time.sleep(_PAUSE_SECONDS)
