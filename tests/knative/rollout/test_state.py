from __future__ import annotations

import pytest

from knative.rollout.errors import UnsuitableServiceError
from knative.rollout.state import RolloutState

STATE = RolloutState(
    owner="me",
    image="x@sha256:1",
    stable="a-1",
    started="2026-11-24",
    last_created="a-1",
    environment={"A": "1"},
)


def test_a_state_is_read_back():
    """A written state is read back unchanged."""
    assert RolloutState.from_json(STATE.to_json()) == STATE


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"owner": "me"}'])
def test_a_malformed_state_is_refused_with_a_remedy(text):
    """A malformed annotation is an error that names the remedy."""
    with pytest.raises(UnsuitableServiceError, match="rollback --to"):
        RolloutState.from_json(text)
