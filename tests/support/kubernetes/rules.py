"""Rules of Knative's webhooks beyond the schema, and mistakes that the webhooks accept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema

from tests.support.kubernetes.manifests import Object
from tests.support.kubernetes.schemas import SCHEMAS

AUTOSCALING = "autoscaling.knative.dev/"
ROLLOUT_DURATION = "serving.knative.dev/rollout-duration"
VISIBILITY = "networking.knative.dev/visibility"
KNOWN_ANNOTATIONS = {
    *(
        f"{AUTOSCALING}{name}"
        for name in (
            "class",
            "initial-scale",
            "max-scale",
            "metric",
            "min-scale",
            "scale-down-delay",
            "scale-to-zero-pod-retention-period",
            "target",
            "target-burst-capacity",
            "target-utilization-percentage",
            "window",
        )
    ),
    *(
        f"queue.sidecar.serving.knative.dev/{resource}-resource-{bound}"
        for resource in ("cpu", "memory")
        for bound in ("request", "limit")
    ),
}
RESERVED_PORTS = {8008, 8012, 8013, 8022, 9090, 9091}
RESERVED_VARIABLES = re.compile("PORT|K_.*")
MIN_WINDOW_S = 6
SECONDS = {"s": 1, "m": 60, "h": 3600}


def violations(item: Object) -> list[str]:
    """Return all violations of a Knative, Eventing or Traefik object."""
    schema = SCHEMAS.get((item["apiVersion"], item["kind"]))
    if schema is None:
        return [f"unknown kind {item['apiVersion']} {item['kind']}"]
    errors = jsonschema.Draft202012Validator(schema).iter_errors(item)
    found = [f"{'.'.join(map(str, error.path))}: {error.message}" for error in errors]
    if not found and item["kind"] == "Service":
        found = [message for rule in SERVICE_RULES for message in rule(item)]
    return found


def _template(service: Object) -> Any:
    return service["spec"]["template"]


def _annotations(service: Object) -> dict[str, str]:
    annotations: dict[str, str] = _template(service)["metadata"]["annotations"]
    return annotations


def _autoscaling(service: Object, name: str, default: str) -> str:
    return _annotations(service).get(f"{AUTOSCALING}{name}", default)


def places_of_annotations(service: Object) -> Iterator[str]:
    """Autoscaling annotations belong to the template, the rollout's duration to the service."""
    for key in service["metadata"].get("annotations", {}):
        if key != ROLLOUT_DURATION:
            yield f"{key} does not belong on the Service"
    for key in _annotations(service):
        if key not in KNOWN_ANNOTATIONS:
            yield f"{key} is no annotation of a revision"


def scale(service: Object) -> Iterator[str]:
    """Bounds are in order, zero means unlimited, and a revision starts with one pod."""
    least = int(_autoscaling(service, "min-scale", "0"))
    most = int(_autoscaling(service, "max-scale", "0"))
    if most and least > most:
        yield f"min-scale {least} is above max-scale {most}"
    if _autoscaling(service, "initial-scale", "1") == "0":
        yield "initial-scale 0 is not allowed"


def window(service: Object) -> Iterator[str]:
    """The window has a unit and a minimum."""
    text = _autoscaling(service, "window", "60s")
    match = re.fullmatch(r"(\d+)([smh])", text)
    if match is None or int(match[1]) * SECONDS[match[2]] < MIN_WINDOW_S:
        yield f"window {text} is not a time of 6s or more"


def concurrency(service: Object) -> Iterator[str]:
    """A target above the limit is never reached."""
    limit = _template(service)["spec"].get("containerConcurrency", 0)
    target = int(_autoscaling(service, "target", "1"))
    if limit and target > limit:
        yield f"target {target} is above containerConcurrency {limit}"


def visibility(service: Object) -> Iterator[str]:
    """Knative ignores any other value, which would make the service public."""
    value = service["metadata"].get("labels", {}).get(VISIBILITY, "cluster-local")
    if value != "cluster-local":
        yield f"visibility {value} is unknown"


def variables(service: Object) -> Iterator[str]:
    """Knative sets PORT and variables that begin with K_."""
    for variable in _container(service).get("env", []):
        if RESERVED_VARIABLES.fullmatch(variable["name"]):
            yield f"{variable['name']} is set by Knative"


def ports(service: Object) -> Iterator[str]:
    """The queue-proxy reserves ports; a probe uses the one port that is served."""
    container = _container(service)
    [port] = (port["containerPort"] for port in container["ports"])
    if port in RESERVED_PORTS:
        yield f"port {port} is the queue-proxy's"
    for name in ("readinessProbe", "livenessProbe"):
        probe = container.get(name, {})
        probed = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port", port)
        if probed != port:
            yield f"{name} uses port {probed}, which is not served"


def probes(service: Object) -> Iterator[str]:
    """A readiness probe without a period is Knative's own fast one, which allows no thresholds."""
    probe = _container(service).get("readinessProbe", {})
    if not probe.get("periodSeconds") and {"failureThreshold", "timeoutSeconds"} & set(probe):
        yield "readinessProbe has a threshold or a timeout, but no period"


def memory(service: Object) -> Iterator[str]:
    """A quantity without a unit is a number of bytes."""
    for name, amounts in _container(service)["resources"].items():
        if amounts["memory"].isdigit():
            yield f"{name}: memory {amounts['memory']} has no unit"


def _container(service: Object) -> Any:
    [container] = _template(service)["spec"]["containers"]
    return container


SERVICE_RULES: tuple[Callable[[Object], Iterator[str]], ...] = (
    places_of_annotations,
    scale,
    window,
    concurrency,
    visibility,
    variables,
    ports,
    probes,
    memory,
)
