"""What the API's objects say: frozen views of Knative Services and Revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from knative.rollout.state import PREVIOUS_ANNOTATION, STATE_ANNOTATION, RolloutState
from knative.rollout.traffic import Traffic, is_routed, read_traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of an object's status.

    Attributes:
        type: as ``Ready``.
        status: ``True``, ``False`` or ``Unknown``.
        reason, message: may be empty.
    """

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""

    def __str__(self) -> str:
        why = ": ".join(part for part in (self.reason, self.message) if part)
        return f"{self.type} is {self.status}" + (f" ({why})" if why else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnativeObject:
    """What Services and Revisions have in common.

    Attributes:
        name: of the object.
        resource_version: changes with every change, status included.
        generation: changes with the spec.
        observed_generation: the generation that conditions and status speak of.
        conditions: by type.
        annotations: of the object itself.
    """

    name: str
    resource_version: str
    generation: int
    observed_generation: int
    conditions: Mapping[str, Condition]
    annotations: Mapping[str, str]

    @property
    def is_observed(self) -> bool:
        """Whether the status speaks of the spec as it is now, and not of an earlier one."""
        return self.observed_generation >= self.generation

    def condition(self, kind: str) -> Condition:
        """Give a condition: Unknown where there is none."""
        return self.conditions.get(kind, Condition(type=kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(KnativeObject):
    """A Knative Service.

    Attributes:
        url: where it serves; empty until it does.
        template_name: the fixed name of its next revision; mostly empty.
        image: of the container that serves.
        wanted, actual: the traffic of its spec and of its status.
        tag_urls: the URL of each tag that is routed.
        last_created: its newest revision; may be empty.
        document: all of it, as the API gives it.
    """

    url: str
    template_name: str
    image: str
    wanted: Traffic
    actual: Traffic
    tag_urls: Mapping[str, str]
    last_created: str
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_api(cls, document: Mapping[str, Any]) -> Self:
        """Read a Service."""
        spec, status = document["spec"], document.get("status", {})
        template = spec["template"]
        containers = template["spec"]["containers"]
        return cls(
            **_common(document),
            url=status.get("url", ""),
            template_name=template.get("metadata", {}).get("name", ""),
            image=containers[serving_container(containers)].get("image", ""),
            wanted=read_traffic(spec.get("traffic")),
            actual=read_traffic(status.get("traffic")),
            tag_urls={
                each["tag"]: each["url"]
                for each in status.get("traffic") or ()
                if "tag" in each and "url" in each
            },
            last_created=status.get("latestCreatedRevisionName", ""),
            document=document,
        )

    @property
    def is_routed(self) -> bool:
        """Whether the traffic that is asked for is the traffic there is."""
        return (
            self.is_observed
            and self.condition("RoutesReady").status == "True"
            and is_routed(self.wanted, self.actual)
        )

    @property
    def rollout(self) -> RolloutState | None:
        """The rollout that is under way or was cut off."""
        text = self.annotations.get(STATE_ANNOTATION)
        return RolloutState.from_json(text) if text else None

    @property
    def previous(self) -> str:
        """The revision that the last rollout replaced; may be empty."""
        return self.annotations.get(PREVIOUS_ANNOTATION, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(KnativeObject):
    """A revision of a Knative Service.

    Attributes:
        service: the name of its Service.
        image: of the container that serves.
        created: when, ISO 8601.
        actual_replicas, desired_replicas: how many pods it has, and should have.
    """

    service: str
    image: str
    created: str
    actual_replicas: int
    desired_replicas: int

    @classmethod
    def from_api(cls, document: Mapping[str, Any]) -> Self:
        """Read a Revision."""
        metadata, status = document["metadata"], document.get("status", {})
        containers = document["spec"]["containers"]
        return cls(
            **_common(document),
            service=metadata.get("labels", {}).get("serving.knative.dev/service", ""),
            image=containers[serving_container(containers)].get("image", ""),
            created=metadata.get("creationTimestamp", ""),
            actual_replicas=status.get("actualReplicas") or 0,
            desired_replicas=status.get("desiredReplicas") or 0,
        )

    @property
    def readiness(self) -> Condition:
        """Whether it is ready; Unknown while the status speaks of an earlier spec."""
        return self.condition("Ready") if self.is_observed else Condition(type="Ready")


def serving_container(containers: list[dict[str, Any]]) -> int:
    """Give the index of the container that serves: of several, the only one that may have ports."""
    with_ports = (index for index, each in enumerate(containers) if each.get("ports"))
    return next(with_ports, 0)


def _common(document: Mapping[str, Any]) -> dict[str, Any]:
    metadata, status = document["metadata"], document.get("status", {})
    names = ("type", "status", "reason", "message")
    conditions = (
        Condition(**{name: each[name] for name in names if name in each})
        for each in status.get("conditions") or ()
    )
    return {
        "name": metadata["name"],
        "resource_version": metadata["resourceVersion"],
        "generation": metadata["generation"],
        "observed_generation": status.get("observedGeneration", 0),
        "conditions": {each.type: each for each in conditions},
        "annotations": metadata.get("annotations") or {},
    }
