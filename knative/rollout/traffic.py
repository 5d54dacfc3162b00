"""The traffic of a Service, and the steps of a rollout."""

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
        revision: its name; empty means the latest ready revision.
        percent: its share, 0 to 100.
        tag: under which the revision has a URL of its own; may be empty.
    """

    revision: str = ""
    percent: int = 0
    tag: str = ""

    @classmethod
    def from_api(cls, entry: Mapping[str, Any]) -> Self:
        """Read an entry; the API omits empty fields."""
        return cls(
            revision=str(entry.get("revisionName", "")),
            percent=int(entry.get("percent") or 0),
            tag=str(entry.get("tag", "")),
        )

    def to_api(self) -> dict[str, Any]:
        """Return the entry with the API's defaults, so that a second write is no change."""
        entry: dict[str, Any] = {"latestRevision": not self.revision, "percent": self.percent}
        if self.revision:
            entry["revisionName"] = self.revision
        if self.tag:
            entry["tag"] = self.tag
        return entry

    def is_met_by(self, actual: TrafficTarget) -> bool:
        """Return whether an entry of the status fulfils this entry of the spec."""
        return self == (actual if self.revision else replace(actual, revision=""))


Traffic = tuple[TrafficTarget, ...]


def read_traffic(entries: Sequence[Mapping[str, Any]] | None) -> Traffic:
    """Read the traffic block of a spec or a status."""
    return tuple(TrafficTarget.from_api(entry) for entry in entries or ())


def is_routed(wanted: Traffic, actual: Traffic) -> bool:
    """Return whether the status shows the traffic of the spec, entry by entry.

    Any traffic fulfils a spec without traffic.
    """
    if not wanted:
        return bool(actual)
    return len(wanted) == len(actual) and all(map(TrafficTarget.is_met_by, wanted, actual))


def serving_revisions(traffic: Traffic) -> tuple[str, ...]:
    """Return the revisions that have traffic, sorted by name."""
    return tuple(sorted({target.revision for target in traffic if target.percent}))


def percent_of(traffic: Traffic, revision: str) -> int:
    """Return a revision's share of the traffic in percent, summed over its entries."""
    return sum(target.percent for target in traffic if target.revision == revision)


def split(traffic: Traffic, *, stable: str, candidate: str = "", percent: int = 0) -> Traffic:
    """Return traffic that is split between a stable revision and a candidate, both tagged.

    Args:
        traffic: the present traffic; entries with other tags keep their URLs, at 0 %.
        stable: the revision that gets the rest.
        candidate: empty if there is none.
        percent: the candidate's share, 0 to 100.

    Returns:
        Traffic whose shares sum to 100, whose tags are unique, and which no later revision enters.
    """
    owned = [TrafficTarget(revision=stable, percent=100 - percent, tag=STABLE)]
    if candidate:
        owned.append(TrafficTarget(revision=candidate, percent=percent, tag=CANDIDATE))
    others = (each for each in traffic if each.tag and each.tag not in OWNED_TAGS)
    return (*owned, *(replace(each, percent=0) for each in others))


def parse_steps(text: str) -> tuple[int, ...]:
    """Parse the steps of a rollout, such as ``5,25,50,100``.

    Returns:
        The candidate's share in percent at each step.

    Raises:
        ValueError: they are not increasing integers from 1 to 100 that end with 100.
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
    """Return the steps that remain, the current one included.

    Args:
        steps: all of them; the last is 100.
        percent: the candidate's share now.
    """
    return tuple(step for step in steps if step >= percent)


def relevant_targets(traffic: Traffic) -> Traffic:
    """Return the entries that a rollout owns: those with a share or with one of its tags."""
    return tuple(each for each in traffic if each.percent or each.tag in OWNED_TAGS)


def describe(traffic: Traffic) -> str:
    """Return the traffic in words."""
    names = serving_revisions(traffic)
    if len(names) == 1:
        return f"all on {names[0] or 'the latest revision'}"
    return ", ".join(f"{percent_of(traffic, name)} % on {name}" for name in names) or "none"
