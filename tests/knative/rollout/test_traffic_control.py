"""The writes of a rollout: whose moves of the traffic it knows as its own."""

from __future__ import annotations

import pytest

from knative.rollout.errors import TakenOverError
from knative.rollout.state import STATE_ANNOTATION, RolloutState
from knative.rollout.traffic_control import TrafficController
from tests.support.kubernetes.fake_api import image, revision_name


@pytest.fixture
def controller(cluster) -> TrafficController:
    """A controller that has claimed the Service."""
    state = RolloutState(
        owner="ours",
        image=image(2),
        stable=revision_name(1),
        started="2026-01-01T00:00:00",
        last_created=revision_name(1),
    )
    controller = TrafficController(cluster, state, cluster.read_service())
    controller.claim()
    return controller


def test_service_belongs_to_its_owner_alone_once_claimed(api, cluster, controller):
    """The state that was found before, none, is somebody else's change after it."""
    controller.check(cluster.read_service())
    api.edit(lambda service: service["metadata"]["annotations"].pop(STATE_ANNOTATION))
    with pytest.raises(TakenOverError, match="taken over"):
        controller.check(cluster.read_service())


def test_move_whose_response_was_interrupted_is_known(cluster, controller, monkeypatch):
    """The traffic of the interrupted write is our own, so that all of it can be moved back."""
    controller.name_candidate(revision_name(1))
    patch = cluster.api.patch

    def interrupt(*arguments: object) -> None:
        patch(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cluster.api, "patch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            controller.shift(50)

    assert [target.percent for target in cluster.read_service().wanted] == [50, 50]
    controller.roll_back()
    assert [target.percent for target in cluster.read_service().wanted] == [100]
