"""What is going on: conditions, revisions, traffic, scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from knative.rollout.resources import Revision, Service
from knative.rollout.state import RolloutState
from knative.rollout.traffic import percent_of

HEAD = ("revision", "traffic", "tags", "ready", "pods", "created", "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionStatus:
    """One revision, and what it has of the traffic.

    Attributes:
        name, image, created: of the revision.
        ready: ``True``, ``False`` or ``Unknown``.
        reason: why it is not ready; may be empty.
        percent: its share of the traffic.
        tags: that it can be reached by.
        pods, desired_pods: how many there are, and should be.
    """

    name: str
    image: str
    created: str
    ready: str
    reason: str
    percent: int
    tags: tuple[str, ...]
    pods: int
    desired_pods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A Service at a glance.

    Attributes:
        service, url: its name, and where it serves.
        is_ready: whether it is.
        is_routed: whether the traffic asked for is the traffic there is.
        conditions: each in words.
        tag_urls: by tag.
        previous: the revision that a rollback goes to; may be empty.
        rollout: that is under way or was cut off.
        revisions: the newest first.
    """

    service: str
    url: str
    is_ready: bool
    is_routed: bool
    conditions: tuple[str, ...]
    tag_urls: dict[str, str]
    previous: str
    rollout: RolloutState | None
    revisions: tuple[RevisionStatus, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


def build_status(service: Service, revisions: tuple[Revision, ...]) -> Status:
    """Put together what the objects say."""
    return Status(
        service=service.name,
        url=service.url,
        is_ready=service.is_observed and service.condition("Ready").status == "True",
        is_routed=service.is_routed,
        conditions=tuple(str(each) for each in service.conditions.values()),
        tag_urls=dict(service.tag_urls),
        previous=service.previous,
        rollout=service.rollout,
        revisions=tuple(_revision_status(service, each) for each in revisions),
    )


def print_status(console: Console, status: Status) -> None:
    """Print it for people."""
    console.print(f"{status.service}: {status.url or 'no URL yet'}")
    for condition in status.conditions:
        console.print(f"  {condition}")
    if not status.is_routed:
        console.print("  The traffic that is asked for is not routed yet")
    if status.rollout:
        console.print(
            f"  A rollout of {status.rollout.image} is under way, or was cut off: rollout resumes "
            f"it, rollback moves all traffic to {status.rollout.stable}"
        )
    if status.previous:
        console.print(f"  rollback goes to {status.previous}")
    for line in _columns([HEAD, *map(_row, status.revisions)]):
        console.print(f"  {line}")
    for tag, url in status.tag_urls.items():
        console.print(f"  {tag}: {url}")


def _row(revision: RevisionStatus) -> tuple[str, ...]:
    return (
        revision.name,
        f"{revision.percent} %",
        ", ".join(revision.tags),
        f"{revision.ready} {revision.reason}".strip(),
        f"{revision.pods}/{revision.desired_pods}",
        revision.created,
        revision.image,
    )


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Line up cells; longer lines than a terminal's stay whole, so that names can be copied."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def _revision_status(service: Service, revision: Revision) -> RevisionStatus:
    mine = [target for target in service.actual if target.revision == revision.name]
    return RevisionStatus(
        name=revision.name,
        image=revision.image,
        created=revision.created,
        ready=revision.readiness.status,
        reason=revision.readiness.reason,
        percent=percent_of(service.actual, revision.name),
        tags=tuple(target.tag for target in mine if target.tag),
        pods=revision.actual_replicas,
        desired_pods=revision.desired_replicas,
    )
