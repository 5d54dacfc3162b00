from __future__ import annotations

import socket

import pytest
import requests

from model.desk.app import create_app
from model.desk.errors import PortError
from model.desk.server import listening
from tests.model.desk.conftest import ACCESS
from tests.support.servers import served
from tests.support.timeouts import TIMEOUT_S


def test_the_server_listens_on_the_loopback_interface(session, capfd):
    """It serves the app, and logs no request: queries hold utterances."""
    with listening(create_app(session, ACCESS), 0) as server, served(server):
        url = f"http://127.0.0.1:{server.port}/api/state?search=secret"
        headers = {"Authorization": f"Bearer {ACCESS}"}
        response = requests.get(url, headers=headers, timeout=TIMEOUT_S)

    assert response.json()["utterances"] == 5
    assert server.server_address[0] == "127.0.0.1"
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_an_error(session):
    """The message names the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortError, match=f"Port {port} can't be used; --port"),
            listening(create_app(session, ACCESS), port),
        ):
            pytest.fail("the port was taken")
