"""The only fields that we write: the traffic, the serving container's image, annotations of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knative.objects import Service, serving_container
from knative.state import STARTED_ANNOTATION
from knative.traffic import Traffic

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
    changes = [
        *_traffic(service, change.traffic),
        *_image(document["spec"]["template"]["spec"]["containers"], change.image),
        *_annotation(document["spec"]["template"], "/spec/template", STARTED_ANNOTATION, change.started),
    ]
    metadata_changes: list[Operation] = []
    for key, value in change.annotations.items():
        if value is None:
            metadata_changes += _removed_annotation(service, key)
        else:
            metadata_changes += _annotation(document, "", key, value)
    changes += metadata_changes
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


def _annotation(
    parent: Mapping[str, Any], path: str, key: str, value: str | None
) -> list[Operation]:
    metadata = parent.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if value is None or annotations.get(key) == value:
        return []
    missing = []
    if not metadata:
        missing.append({"op": "add", "path": f"{path}/metadata", "value": {}})
    if not annotations:
        missing.append({"op": "add", "path": f"{path}/metadata/annotations", "value": {}})
    return [*missing, {"op": "add", "path": _annotation_path(path, key), "value": value}]


def _removed_annotation(service: Service, key: str) -> list[Operation]:
    if key not in service.annotations:
        return []
    return [{"op": "remove", "path": _annotation_path("", key)}]


def _annotation_path(path: str, key: str) -> str:
    return f"{path}/metadata/annotations/{key.replace('~', '~0').replace('/', '~1')}"
