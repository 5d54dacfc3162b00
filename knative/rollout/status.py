"""The status of a Service: conditions, revisions, traffic, scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from knative.rollout.resources import Revision, Service
from knative.rollout.state import RolloutState
from knative.rollout.traffic import percent_of

HEAD = ("revision", "traffic", "tags", "ready", "pods", "created", "image", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionStatus:
    """One revision and its share of the traffic.

    Attributes:
        name, image, created: of the revision.
        model: the URI of its model; empty if it serves the one of its image.
        ready: ``True``, ``False`` or ``Unknown``.
        reason: of its readiness; may be empty.
        percent: its share of the traffic.
        tags: under which it has a URL.
        pods, desired_pods: numbers of pods.
    """

    name: str
    image: str
    model: str
    created: str
    ready: str
    reason: str
    percent: int
    tags: tuple[str, ...]
    pods: int
    desired_pods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of a Service.

    Attributes:
        service, url: name and URL.
        is_ready: whether the condition Ready is True for the current spec.
        is_routed: whether the status shows the traffic of the spec.
        conditions: in words.
        warnings: states that need attention although the Service may be ready.
        tag_urls: by tag.
        previous: the revision that a rollback returns to; may be empty.
        rollout: the unfinished rollout; None if there is none.
        revisions: newest first.
    """

    service: str
    url: str
    is_ready: bool
    is_routed: bool
    conditions: tuple[str, ...]
    warnings: tuple[str, ...]
    tag_urls: dict[str, str]
    previous: str
    rollout: RolloutState | None
    revisions: tuple[RevisionStatus, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the status as plain values."""
        return asdict(self)


def build_status(service: Service, revisions: tuple[Revision, ...]) -> Status:
    """Return the status that the objects describe."""
    return Status(
        service=service.name,
        url=service.url,
        is_ready=service.is_observed and service.condition("Ready").status == "True",
        is_routed=service.is_routed,
        conditions=tuple(str(each) for each in service.conditions.values()),
        warnings=tuple(_warnings(service, revisions)),
        tag_urls=dict(service.tag_urls),
        previous=service.previous,
        rollout=service.rollout,
        revisions=tuple(_revision_status(service, each) for each in revisions),
    )


def print_status(console: Console, status: Status) -> None:
    """Print a status for people."""
    console.print(f"{status.service}: {status.url or 'no URL yet'}")
    for condition in status.conditions:
        console.print(f"  {condition}")
    for warning in status.warnings:
        console.print(f"  warning: {warning}")
    if status.previous:
        console.print(f"  rollback returns to {status.previous}")
    rows = [HEAD, *map(_row, status.revisions)]
    if not any(revision.model for revision in status.revisions):
        rows = [row[:-1] for row in rows]
    for line in _columns(rows):
        console.print(f"  {line}")
    for tag, url in status.tag_urls.items():
        console.print(f"  {tag}: {url}")


def unserved_revision(service: Service, revisions: tuple[Revision, ...]) -> str:
    """Return the newest revision if it differs from those with traffic; empty otherwise."""
    serving = [each for each in revisions if percent_of(service.actual, each.name)]
    if not (revisions and serving) or service.rollout:
        return ""
    newest = revisions[0]
    return "" if any(map(newest.is_same_as, serving)) else newest.name


def _warnings(service: Service, revisions: tuple[Revision, ...]) -> Iterator[str]:
    if not service.is_routed:
        yield "the traffic of the spec is not routed yet"
    if service.rollout:
        yield (
            f"a rollout of {service.rollout.image} is in progress or was interrupted: rollout "
            f"resumes it, rollback moves all traffic to {service.rollout.stable}"
        )
    if unserved := unserved_revision(service, revisions):
        yield (
            f"the newest revision, {unserved}, has no traffic: `python -m knative rollout` rolls "
            "out the newest template"
        )


def _row(revision: RevisionStatus) -> tuple[str, ...]:
    return (
        revision.name,
        f"{revision.percent} %",
        ", ".join(revision.tags),
        f"{revision.ready} {revision.reason}".strip(),
        f"{revision.pods}/{revision.desired_pods}",
        revision.created,
        revision.image,
        revision.model,
    )


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows with aligned cells, never wrapped, so that names can be copied."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def _revision_status(service: Service, revision: Revision) -> RevisionStatus:
    mine = [target for target in service.actual if target.revision == revision.name]
    return RevisionStatus(
        name=revision.name,
        image=revision.image,
        model=revision.model,
        created=revision.created,
        ready=revision.readiness.status,
        reason=revision.readiness.reason,
        percent=percent_of(service.actual, revision.name),
        tags=tuple(target.tag for target in mine if target.tag),
        pods=revision.actual_replicas,
        desired_pods=revision.desired_replicas,
    )
