"""Restarts behind a real gateway, under load: nobody notices."""

from __future__ import annotations

from functools import partial

import pytest

from model.training.fitted_model import MODEL_NAME
from tests.faults.conftest import RESTARTS
from tests.support.clients import Clients, post
from tests.support.gateways.traefik import Traefik
from tests.support.servers import RunningServer, wait_for

BODY = b'{"text": "where is my order"}'


@pytest.mark.slow
def test_rolling_restarts_lose_nothing(small_folder, tmp_path):
    """Each of two instances is ended while the gateway still sends to it, and replaced."""
    environ = {"MODEL_PATH": str(small_folder / MODEL_NAME), "SHUTDOWN_DELAY_S": "2"}
    instances = [RunningServer.start(environ) for _ in range(2)]
    exit_codes = []
    urls = [instance.url for instance in instances]
    with Traefik(tmp_path, urls) as gateway:
        wait_for(partial(gateway.is_routing_to, urls))
        with Clients(gateway.port, [post(BODY)] * 8) as clients:
            for _ in range(RESTARTS):
                oldest = instances.pop(0)
                oldest.process.terminate()
                gateway.route_to(urls[1:])  # it learns of the end when the instance does
                exit_codes.append(oldest.wait()[0])
                instances.append(RunningServer.start(environ))
                urls = [instance.url for instance in instances]
                gateway.route_to(urls)
                wait_for(partial(gateway.is_routing_to, urls))
    for instance in instances:
        instance.process.terminate()
    exit_codes += [instance.wait()[0] for instance in instances]
    print(f"{RESTARTS} restarts: {dict(clients.counts)}")  # noqa: T201 - for make soak

    assert set(clients.counts) == {200}
    assert set(exit_codes) == {0}
