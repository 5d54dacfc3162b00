"""Ports: what is taken, and what is said when one can't be."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from func.server.listener import (
    SEND_BUFFER_BYTES,
    PortError,
    bind,
    reporting_port_errors,
    url_of,
)


def test_ipv6_address_can_be_set():
    """A host with colons is an IPv6 address."""
    with closing(bind("::1", 0)) as listener:
        assert listener.getsockname()[0] == "::1"


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_a_url_has_brackets_around_an_address_of_ipv6(host, shown):
    """The URL in the log can be used as it is."""
    with closing(bind(host, 0)) as listener:
        assert url_of(listener) == f"http://{shown}:{listener.getsockname()[1]}"


def test_the_kernel_holds_little_for_a_client_that_does_not_read():
    """Nothing counts the part of a response that it holds."""
    with closing(bind("127.0.0.1", 0)) as listener:
        listener.listen()
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        with client, accepted:
            accepted.settimeout(0)
            held = accepted.send(bytes(8 * 1024 * 1024))
            received = client.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    assert held <= 2 * SEND_BUFFER_BYTES + received


def test_port_of_another_is_named():
    """The error names the port, and says why."""
    with closing(bind("127.0.0.1", 0)) as other:
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortError) as caught:
            bind("127.0.0.1", port)

    assert (caught.value.port, caught.value.reason) == (port, "Address already in use")


def test_error_without_a_text_is_told_by_its_kind():
    """The line has a reason for each error of the system."""
    with (
        pytest.raises(PortError, match=r"^Can't listen on port 80: OSError$"),
        reporting_port_errors(80),
    ):
        raise OSError
