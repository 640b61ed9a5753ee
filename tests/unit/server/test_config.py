from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from cellgraph.errors import ParameterError, ServerError
from cellgraph.server.config import LOOPBACK, Ports, free_ports, is_free


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """Three ports in a row on which a stranger listens."""
    with ExitStack() as stack:
        for first in range(20000, 60000, 10):
            if all(is_free(port) for port in range(first, first + 5)):
                break
        ports = [first, first + 1, first + 2]
        for port in ports:
            listener = stack.enter_context(socket.socket())
            listener.bind((LOOPBACK, port))
            listener.listen()
        yield ports


def test_the_preferred_ports_are_taken_if_they_are_free(taken: list[int]) -> None:
    wanted = Ports(bolt=taken[-1] + 1, http=taken[-1] + 2)
    assert free_ports(wanted) == wanted


def test_the_next_free_ports_are_found(taken: list[int]) -> None:
    assert not is_free(taken[0])
    found = free_ports(Ports(bolt=taken[0], http=taken[0]))
    assert found == Ports(bolt=taken[-1] + 1, http=taken[-1] + 2)


def test_a_listener_on_all_addresses_takes_the_port_too() -> None:
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        assert not is_free(listener.getsockname()[1])


def test_no_free_port_is_an_error() -> None:
    with socket.socket() as listener:
        try:
            listener.bind((LOOPBACK, 65535))
            listener.listen()
        except OSError:
            assert not is_free(65535)
        with pytest.raises(ServerError, match="--bolt-port"):
            free_ports(Ports(bolt=65535, http=7474))


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ParameterError, match="from 1 to 65535"):
        Ports(bolt=7687, http=port)
