"""The only fields that we write: traffic, the serving container's image, annotations of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knative.rollout.resources import Service, serving_container
from knative.rollout.state import STARTED_ANNOTATION
from knative.rollout.traffic import Traffic

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a Service shall be like; what is None stays as it is.

    Attributes:
        traffic: of the spec.
        image: of the container that serves.
        started: annotation of the template; another value makes another revision.
        annotations: of the Service, by key; None removes one.
    """

    traffic: Traffic | None = None
    image: str | None = None
    started: str | None = None
    annotations: Mapping[str, str | None] = field(default_factory=dict)


def operations(service: Service, change: Change) -> list[Operation]:
    """Write a change as JSON Patch (RFC 6902), which leaves all other fields alone.

    A merge patch would replace the list of containers whole. The first operation makes the API
    refuse the patch when the Service is not any more what was read.

    Returns:
        The operations; none where nothing changes.
    """
    document = service.document
    template = document["spec"]["template"]
    changes = [
        *_traffic(service, change.traffic),
        *_image(template["spec"]["containers"], change.image),
        *_annotations(template, "/spec/template", {STARTED_ANNOTATION: change.started}),
        *_annotations(document, "", change.annotations),
        *_removals(service, change.annotations),
    ]
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": service.resource_version}
    return [test, *changes] if changes else []


def _traffic(service: Service, traffic: Traffic | None) -> list[Operation]:
    if traffic is None or traffic == service.wanted:
        return []
    value = [target.to_api() for target in traffic]
    return [{"op": "add", "path": "/spec/traffic", "value": value}]


def _image(containers: list[dict[str, Any]], image: str | None) -> list[Operation]:
    index = serving_container(containers)
    if image is None or containers[index].get("image") == image:
        return []
    path = f"/spec/template/spec/containers/{index}/image"
    return [{"op": "add", "path": path, "value": image}]


def _annotations(
    parent: Mapping[str, Any], path: str, wanted: Mapping[str, str | None]
) -> list[Operation]:
    metadata = parent.get("metadata") or {}
    present = metadata.get("annotations") or {}
    additions = [
        {"op": "add", "path": _annotation_path(path, key), "value": value}
        for key, value in wanted.items()
        if value is not None and present.get(key) != value
    ]
    if not additions:
        return []
    missing: list[Operation] = []
    if not metadata:
        missing.append({"op": "add", "path": f"{path}/metadata", "value": {}})
    if not present:
        missing.append({"op": "add", "path": f"{path}/metadata/annotations", "value": {}})
    return [*missing, *additions]


def _removals(service: Service, wanted: Mapping[str, str | None]) -> list[Operation]:
    return [
        {"op": "remove", "path": _annotation_path("", key)}
        for key, value in wanted.items()
        if value is None and key in service.annotations
    ]


def _annotation_path(path: str, key: str) -> str:
    return f"{path}/metadata/annotations/{key.replace('~', '~0').replace('/', '~1')}"
