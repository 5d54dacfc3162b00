"""How traffic is shared between the revisions of a Service, and the steps of a rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

ALL = 100
STABLE, CANDIDATE = "stable", "candidate"
OWNED_TAGS = frozenset({STABLE, CANDIDATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficTarget:
    """One entry of ``spec.traffic`` or ``status.traffic``.

    Attributes:
        revision: its name; empty means whichever is the latest that is ready.
        percent: its share, 0 to 100.
        tag: gives the revision a URL of its own; may be empty.
    """

    revision: str = ""
    percent: int = 0
    tag: str = ""

    @classmethod
    def from_api(cls, entry: Mapping[str, Any]) -> Self:
        """Read an entry; the API leaves out what is empty."""
        return cls(
            revision=entry.get("revisionName", ""),
            percent=entry.get("percent") or 0,
            tag=entry.get("tag", ""),
        )

    def to_api(self) -> dict[str, Any]:
        """Write the entry as the API's own defaults would complete it."""
        entry: dict[str, Any] = {"latestRevision": not self.revision, "percent": self.percent}
        if self.revision:
            entry["revisionName"] = self.revision
        if self.tag:
            entry["tag"] = self.tag
        return entry

    def is_met_by(self, actual: TrafficTarget) -> bool:
        """Tell whether an entry of the status is what this one of the spec asks for."""
        return self == (actual if self.revision else replace(actual, revision=""))


Traffic = tuple[TrafficTarget, ...]


def read_traffic(entries: Sequence[Mapping[str, Any]] | None) -> Traffic:
    """Read the traffic block of a spec or a status."""
    return tuple(TrafficTarget.from_api(entry) for entry in entries or ())


def is_routed(wanted: Traffic, actual: Traffic) -> bool:
    """Tell whether the status shows the traffic that the spec asks for, entry by entry.

    A spec without traffic asks for any.
    """
    if not wanted:
        return bool(actual)
    return len(wanted) == len(actual) and all(map(TrafficTarget.is_met_by, wanted, actual))


def serving_revisions(traffic: Traffic) -> tuple[str, ...]:
    """Give the revisions that have traffic, each once, sorted by name."""
    return tuple(sorted({target.revision for target in traffic if target.percent}))


def percent_of(traffic: Traffic, revision: str) -> int:
    """Give a revision's share of the traffic, over all its entries."""
    return sum(target.percent for target in traffic if target.revision == revision)


def split(traffic: Traffic, *, stable: str, candidate: str = "", percent: int = 0) -> Traffic:
    """Share the traffic between a stable revision and a candidate, both tagged.

    Args:
        traffic: as it is now; entries with tags of others keep their URLs, at 0 %.
        stable: the revision that has the rest.
        candidate: the revision that is rolled out; empty where there is none.
        percent: the candidate's share, 0 to 100.

    Returns:
        The new traffic: its shares sum to 100, its tags are unique, and no share follows a later
        revision.
    """
    owned = [TrafficTarget(revision=stable, percent=100 - percent, tag=STABLE)]
    if candidate:
        owned.append(TrafficTarget(revision=candidate, percent=percent, tag=CANDIDATE))
    others = (each for each in traffic if each.tag and each.tag not in OWNED_TAGS)
    return (*owned, *(replace(each, percent=0) for each in others))


def parse_steps(text: str) -> tuple[int, ...]:
    """Read the steps of a rollout, as ``5,25,50,100``.

    Returns:
        The candidate's share at each step, in percent.

    Raises:
        ValueError: they are not whole numbers above 0 that rise to 100.
    """
    steps = tuple(int(step) for step in text.split(","))
    if (
        steps[0] < 1
        or steps[-1] != ALL
        or any(former >= latter for former, latter in pairwise(steps))
    ):
        raise ValueError(text)
    return steps


def remaining_steps(steps: Sequence[int], percent: int) -> tuple[int, ...]:
    """Give the steps that a rollout has ahead of it, the one it was cut off at included.

    Args:
        steps: all of them; the last is 100.
        percent: the candidate's share now.
    """
    return tuple(step for step in steps if step >= percent)


def relevant_targets(traffic: Traffic) -> Traffic:
    """Give the entries that matter to a rollout: those with a share, or with a tag of ours."""
    return tuple(each for each in traffic if each.percent or each.tag in OWNED_TAGS)


def describe(traffic: Traffic) -> str:
    """Say in a few words who has how much of the traffic."""
    names = serving_revisions(traffic)
    if len(names) == 1:
        return f"all on {names[0] or 'the latest revision'}"
    return ", ".join(f"{percent_of(traffic, name)} % on {name}" for name in names) or "none"
