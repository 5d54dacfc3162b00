from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knative.rollout.traffic import (
    TrafficTarget,
    describe,
    is_routed,
    parse_steps,
    percent_of,
    read_traffic,
    relevant_targets,
    remaining_steps,
    serving_revisions,
    split,
)

ONE = TrafficTarget(revision="a-1", percent=100)
LATEST = TrafficTarget(percent=100)

names = st.sampled_from(["a-1", "a-2", "a-3", ""])
tags = st.sampled_from(["stable", "candidate", "preview", "debug", ""])


@st.composite
def traffics(draw) -> tuple[TrafficTarget, ...]:
    """Generate traffic with tags that the webhook accepts."""
    drawn = draw(st.lists(tags, max_size=4, unique=True))
    shares = st.integers(0, 100)
    return tuple(
        TrafficTarget(revision=draw(names), percent=draw(shares), tag=tag) for tag in drawn
    )


@given(traffic=traffics(), candidate=st.sampled_from(["a-9", ""]), percent=st.integers(0, 100))
def test_a_split_is_what_the_webhook_lets_pass(traffic, candidate, percent):
    """Shares sum to 100, tags are unique, and each share names a revision."""
    percent = percent if candidate else 0
    result = split(traffic, stable="a-1", candidate=candidate, percent=percent)
    given_tags = [each.tag for each in result if each.tag]
    assert sum(each.percent for each in result) == 100
    assert len(given_tags) == len(set(given_tags))
    assert all(each.revision for each in result if each.percent)
    assert percent_of(result, "a-9") == percent


def test_a_split_keeps_tags_of_others_without_a_share():
    """Entries with other tags keep their URLs, at 0 %."""
    preview = TrafficTarget(revision="a-7", percent=40, tag="preview")
    untagged = TrafficTarget(revision="a-6", percent=60)
    assert split((preview, untagged), stable="a-1", candidate="a-2", percent=5) == (
        TrafficTarget(revision="a-1", percent=95, tag="stable"),
        TrafficTarget(revision="a-2", percent=5, tag="candidate"),
        TrafficTarget(revision="a-7", percent=0, tag="preview"),
    )


@pytest.mark.parametrize(
    ("target", "entry"),
    [
        pytest.param(LATEST, {"latestRevision": True, "percent": 100}, id="latest"),
        pytest.param(
            TrafficTarget(revision="a-1", percent=0, tag="stable"),
            {"revisionName": "a-1", "latestRevision": False, "percent": 0, "tag": "stable"},
            id="tagged",
        ),
    ],
)
def test_an_entry_is_written_with_the_defaults_and_read_back(target, entry):
    """Entries contain the API's defaults, so that a second write is no change."""
    assert target.to_api() == entry
    assert TrafficTarget.from_api(entry) == target


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        pytest.param((), (ONE,), True, id="nothing-asked-for"),
        pytest.param((), (), False, id="nothing-there"),
        pytest.param((LATEST,), (ONE,), True, id="latest-is-resolved"),
        pytest.param((ONE,), (ONE,), True, id="same"),
        pytest.param((ONE,), (), False, id="missing"),
        pytest.param((ONE,), (TrafficTarget(revision="a-2", percent=100),), False, id="other"),
        pytest.param((LATEST,), (TrafficTarget(revision="a-2"),), False, id="other-share"),
    ],
)
def test_traffic_is_routed_when_each_entry_is_met(wanted, actual, expected):
    """The status names the revision where the spec follows the latest."""
    assert is_routed(wanted, actual) is expected


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        pytest.param("100", (100,), id="at-once"),
        pytest.param("5,25,50,100", (5, 25, 50, 100), id="default"),
        pytest.param("1, 100", (1, 100), id="with-space"),
    ],
)
def test_steps_rise_to_all(text, steps):
    """Steps are increasing integers that end with 100."""
    assert parse_steps(text) == steps


@pytest.mark.parametrize("text", ["", "5", "0,100", "50,25,100", "50,50,100", "5,x,100", "100,101"])
def test_other_steps_are_refused(text):
    """Other steps are refused."""
    with pytest.raises(ValueError, match=r"^"):
        parse_steps(text)


def test_a_rollout_goes_on_with_the_step_it_was_cut_off_at():
    """The interrupted step is repeated."""
    assert remaining_steps((5, 25, 100), 0) == (5, 25, 100)
    assert remaining_steps((5, 25, 100), 25) == (25, 100)
    assert remaining_steps((5, 100), 25) == (100,)


def test_shares_are_summed_over_entries():
    """The shares of a revision's entries are summed."""
    traffic = read_traffic(
        [
            {"revisionName": "a-1", "percent": 30},
            {"revisionName": "a-1", "percent": 20, "tag": "stable"},
            {"revisionName": "a-2", "percent": 50},
            {"revisionName": "a-3", "tag": "preview"},
        ]
    )
    assert percent_of(traffic, "a-1") == 50
    assert serving_revisions(traffic) == ("a-1", "a-2")
    assert describe(traffic) == "50 % on a-1, 50 % on a-2"
    assert relevant_targets(traffic) == traffic[:3]


def test_traffic_is_described_in_words():
    """Traffic is described in words."""
    assert describe((ONE,)) == "all on a-1"
    assert describe((LATEST,)) == "all on the latest revision"
    assert describe(()) == "none"
