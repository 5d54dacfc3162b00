"""Changes of a Service as JSON Patch, limited to the fields that a rollout owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knative.rollout.errors import reading
from knative.rollout.resources import Revision, Service, is_foreign, serving_index
from knative.rollout.state import STARTED_ANNOTATION
from knative.rollout.traffic import Traffic

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The wanted state of a Service; None and empty mappings leave a field as it is.

    Attributes:
        traffic: of the spec.
        image: of the serving container.
        environment: variables of the serving container to set.
        started: annotation of the template; another value creates another revision.
        revision: whose pods the template shall describe again.
        annotations: of the Service, by key; None removes one.
    """

    traffic: Traffic | None = None
    image: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    started: str | None = None
    revision: Revision | None = None
    annotations: Mapping[str, str | None] = field(default_factory=dict)


@reading("Service")
def operations(service: Service, change: Change) -> list[Operation]:
    """Return a change as JSON Patch (RFC 6902), which leaves all other fields alone.

    A merge patch would replace the whole list of containers. The first operation makes the API
    refuse the patch if the Service has changed since it was read.

    Returns:
        The operations; none if nothing changes.

    Raises:
        MalformedObjectError: the Service is malformed.
    """
    document = service.document
    template = document["spec"]["template"]
    changes = [
        *_traffic(service, change.traffic),
        *_container(service, change),
        *_template(template, change.revision),
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


def _container(service: Service, change: Change) -> list[Operation]:
    containers = service.document["spec"]["template"]["spec"]["containers"]
    index = serving_index(containers)
    path = f"/spec/template/spec/containers/{index}"
    changes: list[Operation] = []
    if change.image is not None and service.image != change.image:
        changes.append({"op": "add", "path": f"{path}/image", "value": change.image})
    wanted = change.environment
    if not wanted.items() <= service.environment.items():
        kept = [each for each in containers[index].get("env") or () if each["name"] not in wanted]
        variables = [{"name": name, "value": value} for name, value in wanted.items()]
        changes.append({"op": "add", "path": f"{path}/env", "value": [*kept, *variables]})
    return changes


def _template(template: Mapping[str, Any], revision: Revision | None) -> list[Operation]:
    if revision is None:
        return []
    present = (template.get("metadata") or {}).get("annotations") or {}
    foreign = {key: value for key, value in present.items() if is_foreign(key)}
    annotations = {**foreign, **revision.template_annotations}
    changes: list[Operation] = []
    if template["spec"] != revision.spec:
        changes.append({"op": "add", "path": "/spec/template/spec", "value": revision.spec})
    if present != annotations:
        metadata = {**(template.get("metadata") or {}), "annotations": annotations}
        changes.append({"op": "add", "path": "/spec/template/metadata", "value": metadata})
    return changes


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
