"""Frozen views of Knative Services and Revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from knative.rollout.errors import reading
from knative.rollout.state import (
    PREFIX,
    PREVIOUS_ANNOTATION,
    STARTED_ANNOTATION,
    STATE_ANNOTATION,
    RolloutState,
)
from knative.rollout.traffic import Traffic, is_routed, read_traffic

MODEL_VARIABLE = "MODEL_URI"
SERVICE_LABEL = "serving.knative.dev/service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of an object's status.

    Attributes:
        type: such as ``Ready``.
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
    """The common fields of Services and Revisions.

    Attributes:
        name: of the object.
        resource_version: changes with every change, status included.
        generation: changes with the spec.
        observed_generation: the generation that the status describes.
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
        """Return whether the status describes the current spec."""
        return self.observed_generation >= self.generation

    def condition(self, kind: str) -> Condition:
        """Return a condition; Unknown if it is missing."""
        return self.conditions.get(kind, Condition(type=kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(KnativeObject):
    """A Knative Service.

    Attributes:
        url: of its route; empty until there is one.
        template_name: the fixed name of its next revision; usually empty.
        image: of the serving container.
        environment: variables that the serving container's ``env`` sets.
        started: the annotation by which a rollout marks the template; may be empty.
        wanted, actual: the traffic of its spec and of its status.
        tag_urls: the URL of each routed tag.
        last_created: its newest revision; may be empty.
        document: the whole object.
    """

    url: str
    template_name: str
    image: str
    environment: Mapping[str, str]
    started: str
    wanted: Traffic
    actual: Traffic
    tag_urls: Mapping[str, str]
    last_created: str
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    @reading("Service")
    def from_api(cls, document: Mapping[str, Any]) -> Self:
        """Read a Service object.

        Raises:
            MalformedObjectError: it is none.
        """
        spec, status = document["spec"], document.get("status", {})
        template = spec["template"]
        containers = template["spec"]["containers"]
        annotations = dict(template.get("metadata", {}).get("annotations") or {})
        return cls(
            **_common(document),
            url=str(status.get("url", "")),
            template_name=str(template.get("metadata", {}).get("name", "")),
            image=str(serving_container(containers).get("image", "")),
            environment=_environment(containers),
            started=annotations.get(STARTED_ANNOTATION, ""),
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
        """Return whether the status shows the traffic of the spec."""
        return (
            self.is_observed
            and self.condition("RoutesReady").status == "True"
            and is_routed(self.wanted, self.actual)
        )

    @property
    def rollout(self) -> RolloutState | None:
        """The unfinished rollout, which may be running or interrupted; None if there is none."""
        text = self.annotations.get(STATE_ANNOTATION)
        return RolloutState.from_json(text) if text else None

    @property
    def previous(self) -> str:
        """The revision that the last rollout replaced; empty if unknown."""
        return self.annotations.get(PREVIOUS_ANNOTATION, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(KnativeObject):
    """A revision of a Knative Service.

    Attributes:
        service: the name of its Service.
        image: of the serving container.
        created: when, ISO 8601.
        actual_replicas, desired_replicas: numbers of pods.
        spec: of its pods.
        template_annotations: those that it has from the template.
    """

    service: str
    image: str
    created: str
    actual_replicas: int
    desired_replicas: int
    spec: Mapping[str, Any] = field(repr=False)
    template_annotations: Mapping[str, str]

    @classmethod
    @reading("Revision")
    def from_api(cls, document: Mapping[str, Any]) -> Self:
        """Read a Revision object.

        Raises:
            MalformedObjectError: it is none.
        """
        metadata, status = document["metadata"], document.get("status", {})
        common = _common(document)
        return cls(
            **common,
            service=metadata.get("labels", {}).get(SERVICE_LABEL, ""),
            image=serving_container(document["spec"]["containers"]).get("image", ""),
            created=str(metadata.get("creationTimestamp", "")),
            actual_replicas=int(status.get("actualReplicas") or 0),
            desired_replicas=int(status.get("desiredReplicas") or 0),
            spec=document["spec"],
            template_annotations={
                key: value for key, value in common["annotations"].items() if not is_foreign(key)
            },
        )

    @property
    def model(self) -> str:
        """The URI of its model; empty if it serves the one of its image."""
        return _environment(self.spec["containers"]).get(MODEL_VARIABLE, "")

    def is_same_as(self, other: Revision) -> bool:
        """Return whether both revisions run the same pods, scaled the same way."""
        is_same_spec = self.spec == other.spec
        return is_same_spec and self.template_annotations == other.template_annotations

    @property
    def readiness(self) -> Condition:
        """The condition Ready; Unknown while the status describes an earlier spec."""
        return self.condition("Ready") if self.is_observed else Condition(type="Ready")


def is_foreign(annotation: str) -> bool:
    """Return whether an annotation belongs to Knative Serving or to a rollout, not to the user."""
    return annotation.startswith(("serving.knative.dev/", f"{PREFIX}/"))


def serving_index(containers: Sequence[Mapping[str, Any]]) -> int:
    """Return the index of the serving container, the only one that may declare ports."""
    with_ports = (index for index, each in enumerate(containers) if each.get("ports"))
    return next(with_ports, 0)


def serving_container(containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the serving container."""
    return containers[serving_index(containers)]


def read_conditions(document: Mapping[str, Any]) -> dict[str, Condition]:
    """Return the conditions of any Knative object, by type."""
    names = ("type", "status", "reason", "message")
    conditions = (
        Condition(**{name: str(each[name]) for name in names if name in each})
        for each in document.get("status", {}).get("conditions") or ()
    )
    return {each.type: each for each in conditions}


def _environment(containers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the serving container's variables in ``env``, where Knative omits empty values."""
    variables = serving_container(containers).get("env") or ()
    return {each["name"]: each.get("value", "") for each in variables if "valueFrom" not in each}


def _common(document: Mapping[str, Any]) -> dict[str, Any]:
    metadata, status = document["metadata"], document.get("status", {})
    return {
        "name": str(metadata["name"]),
        "resource_version": str(metadata["resourceVersion"]),
        "generation": int(metadata["generation"]),
        "observed_generation": int(status.get("observedGeneration", 0)),
        "conditions": read_conditions(document),
        "annotations": dict(metadata.get("annotations") or {}),
    }
