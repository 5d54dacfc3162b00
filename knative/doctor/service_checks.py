"""Checks of the deployed Service: revisions, pods, settings, hosts."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import Any

from knative.doctor.findings import Finding, ok, problem, warning
from knative.rollout.cluster import Cluster
from knative.rollout.errors import NotFoundError
from knative.rollout.kubernetes_api import DOMAIN_MAPPINGS
from knative.rollout.pods import container_failures, unschedulable_reason
from knative.rollout.resources import (
    SERVICE_LABEL,
    Condition,
    Revision,
    read_conditions,
    serving_container,
)
from knative.rollout.status import build_status, unserved_revision
from knative.rollout.traffic import percent_of

PLACEHOLDERS = ("your-account", "sha256:" + "0" * 64)
# Remedies of pods that fail, by a part of the reason; the first match counts.
REMEDIES = (
    ("exec format error", "Build the image for the architecture of the nodes."),
    ("Image", "Check the name of the image, and the imagePullSecrets of the ServiceAccount."),
    ("CreateContainerConfigError", "Restore the ConfigMap or Secret that the revision names."),
    ("Unschedulable", "Add nodes, or lower the resource requests."),
    ("OOMKilled", "Raise the memory limit."),
    ("", "Fix the image or the settings, then `python -m knative rollout`; or `rollback`."),
)


def service(cluster: Cluster) -> Iterator[Finding]:
    """Check the conditions, the traffic and the image of the Service."""
    try:
        found = cluster.read_service()
    except NotFoundError:
        remedy = "kubectl apply -k knative/overlays/production"
        yield problem(cluster.service, f"not deployed in {cluster.namespace}", remedy)
        return
    revisions = cluster.list_revisions()
    status = build_status(found, revisions)
    if not status.is_ready:
        remedy = "The following findings and `python -m knative status` show why."
        yield problem(cluster.service, str(found.condition("Ready")), remedy)
    else:
        yield ok(cluster.service, "ready")
    if any(part in found.image for part in PLACEHOLDERS):
        remedy = "Set your image in the overlay's kustomization.yaml."
        yield problem(cluster.service, f"the image is a placeholder: {found.image}", remedy)
    if unserved := unserved_revision(found, revisions):
        remedy = "`python -m knative rollout` rolls out the newest template."
        yield warning(unserved, "the newest revision has no traffic", remedy)
    if found.rollout:
        remedy = "`python -m knative rollout` resumes it, `python -m knative rollback` undoes it."
        yield warning(cluster.service, "a rollout is in progress or was interrupted", remedy)


def revisions(cluster: Cluster) -> Iterator[Finding]:
    """Check the readiness and the ConfigMaps of the revisions in use."""
    for revision in _relevant_revisions(cluster):
        if revision.readiness.status == "False":
            remedy = f"kubectl describe revision --namespace {cluster.namespace} {revision.name}"
            yield problem(revision.name, str(revision.readiness), remedy)
        for name in _config_maps(revision):
            try:
                cluster.api.read_config_map(cluster.namespace, name)
            except NotFoundError:
                remedy = "Create it again: pods of this revision cannot start without it."
                yield problem(revision.name, f"ConfigMap {name} does not exist", remedy)


def pods(cluster: Cluster) -> Iterator[Finding]:
    """Check that no pod of the Service crashes or is stuck."""
    found = cluster.api.list_pods(cluster.namespace, f"{SERVICE_LABEL}={cluster.service}")
    for pod in found:
        failures = [*container_failures(pod), *filter(None, [unschedulable_reason(pod)])]
        for failure in failures:
            yield problem(f"Pod {pod['metadata']['name']}", failure, _remedy(failure))
    yield ok("Pods", f"{len(found)} found")


def hosts(cluster: Cluster) -> Iterator[Finding]:
    """Check the DomainMappings of the Service and the DNS of their hosts."""
    for mapping in cluster.api.list_objects(DOMAIN_MAPPINGS, cluster.namespace):
        if mapping["spec"]["ref"]["name"] != cluster.service:
            continue
        host = mapping["metadata"]["name"]
        ready = ready_condition(mapping)
        if ready.status != "True":
            remedy = (
                f"kubectl get clusterdomainclaim {host} --output yaml\n"
                f"Its spec.namespace must be {cluster.namespace}."
            )
            yield problem(f"DomainMapping {host}", str(ready), remedy)
        if _resolves(host):
            yield ok(f"DomainMapping {host}", "in DNS")
        else:
            remedy = (
                "Point its DNS record to the gateway:\n"
                "kubectl get service kourier --namespace kourier-system"
            )
            yield problem(f"DomainMapping {host}", "not in DNS", remedy)


def ready_condition(document: Mapping[str, Any]) -> Condition:
    """Return the condition Ready of any Knative object; Unknown if it is missing."""
    return read_conditions(document).get("Ready", Condition(type="Ready"))


def _relevant_revisions(cluster: Cluster) -> list[Revision]:
    """Return the newest revision, and those with traffic."""
    try:
        found = cluster.read_service()
    except NotFoundError:
        return []
    revisions = cluster.list_revisions()
    serving = (each for each in revisions[1:] if percent_of(found.actual, each.name))
    return [*revisions[:1], *serving]


def _config_maps(revision: Revision) -> Iterator[str]:
    for source in serving_container(revision.spec["containers"]).get("envFrom") or ():
        reference = source.get("configMapRef") or {}
        if "name" in reference and not reference.get("optional"):
            yield reference["name"]


def _remedy(failure: str) -> str:
    return next(remedy for part, remedy in REMEDIES if part in failure)


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False
